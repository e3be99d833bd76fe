"""What every picture must hold, checked on the drawn figure: size and place of text."""

from itertools import combinations

from cnnlib.drawing import style

WIDEST = 970  # CSS pixels: a cell's output, and what a projector still shows in full


def drawn(monkeypatch, make):
    """The picture that ``make()`` returns, after a look at each of its texts."""
    figures = []
    finish = style.picture

    @style.styled
    def keep(fig, alt, **kw):
        fig.draw_without_rendering()  # now every text has its place
        texts = visible_texts(fig)
        small = [t.get_text() for t in texts if t.get_fontsize() < 14]
        figures.append({"small": small, "overlapping": overlaps(texts)})
        return finish(fig, alt, **kw)

    monkeypatch.setattr(style, "picture", keep)
    picture = make()
    wrong = {
        **figures[0],
        "width": picture.width if picture.width > WIDEST else None,
        "alt": picture.alt if len(picture.alt) < 25 or "\n" in picture.alt else None,
    }
    wrong = {name: what for name, what in wrong.items() if what}
    if wrong or len(figures) != 1:
        raise AssertionError(f"{wrong} in {len(figures)} figures")
    return picture


def visible_texts(fig):
    """All texts of a figure that are seen."""
    from matplotlib.text import Text

    unseen = set()
    for ax in fig.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                within = low - 1e-9 <= tick.get_loc() <= high + 1e-9
                if not (within and ax.axison and ax.get_visible()):
                    unseen |= {id(tick.label1), id(tick.label2)}
    texts = [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]
    return [t for t in texts if id(t) not in unseen]


def overlaps(texts):
    """Pairs of texts whose boxes meet by more than a pixel each way.

    Texts that are turned alike lie beside each other though their boxes meet.
    """
    boxes = [(t, t.get_window_extent()) for t in texts]
    return [
        (a.get_text(), b.get_text())
        for (a, p), (b, q) in combinations(boxes, 2)
        if min(p.x1, q.x1) - max(p.x0, q.x0) > 1
        and min(p.y1, q.y1) - max(p.y0, q.y0) > 1
        and not (a.get_rotation() % 90 and a.get_rotation() == b.get_rotation())
    ]
