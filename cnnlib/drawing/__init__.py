"""The visual language that figures and widgets share.

``palette`` has the colors, ``style`` the type and axes of matplotlib's figures, ``svg``
a canvas for drawn ones, ``motion`` what makes them move, ``format`` every way to write
a number, and ``picture`` what a figure returns.
"""
