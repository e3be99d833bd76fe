"""What every picture must hold, checked on the drawn figure: size and place of text."""

from itertools import combinations

from cnnlib.figures import style

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

    seen = [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]
    hidden = {
        id(text)
        for ax in fig.axes
        if not (ax.get_visible() and ax.axison)
        for text in [*ax.get_xticklabels(), *ax.get_yticklabels()]
    }
    return [t for t in seen if id(t) not in hidden and _on_axis(t)]


def _on_axis(text):
    """Whether a tick's label lies within its axis: matplotlib keeps one beyond it."""
    ax = text.axes
    if ax is None or not hasattr(text, "_is_tick"):
        labels = [] if ax is None else [*ax.get_xticklabels(), *ax.get_yticklabels()]
        if text not in labels:
            return True
    low, high = sorted(ax.get_xlim() if text in ax.get_xticklabels() else ax.get_ylim())
    place = text.get_position()[0 if text in ax.get_xticklabels() else 1]
    return low <= place <= high


def overlaps(texts):
    """Pairs of texts whose boxes meet by more than a pixel each way."""
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts]
    return [
        (a, b)
        for (a, p), (b, q) in combinations(boxes, 2)
        if min(p.x1, q.x1) - max(p.x0, q.x0) > 1
        and min(p.y1, q.y1) - max(p.y0, q.y0) > 1
    ]
