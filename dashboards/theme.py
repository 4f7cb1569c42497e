"""The look of the site, once: colours, lights, type, the Plotly template and the one way a figure reaches a page.

Belongs here: palette, light vocabulary, ``figure_html``. Does not belong here: which data a figure shows
(``figures``) or where it stands (``pages``, templates). Importing this module does not import Plotly.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FONT_STACK = (
    '"Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", '
    '"WenQuanYi Micro Hei", sans-serif'
)

# Red, yellow and green are told apart by colour-blind readers (pairwise ΔE ≥ 30 under deutan and protan) and carry
# AA text in `on`; grey paper cannot tell red from green, hence a shape and a word with every light.
RED, YELLOW, GREEN, BLUE = "#B71C1C", "#F2A900", "#00796B", "#1558A6"
INK, MUTED, LINE, PALE, NAVY = "#1B2430", "#5A6472", "#D5D9DF", "#AEB6C1", "#17375E"


class Light(NamedTuple):
    """A light: colour, text colour on it, shape, word."""

    key: str
    colour: str
    on: str
    shape: str
    word: str
    colour_word: str


# In order of gravity: the light of a cell is the first of these that occurs in it.
LIGHTS: dict[str, Light] = {
    light.key: light
    for light in (
        Light("red", RED, "#FFFFFF", "■", "逾期", "红"),
        Light("yellow", YELLOW, "#000000", "▲", "滞后", "黄"),
        Light("blue", BLUE, "#FFFFFF", "◆", "临期", "蓝"),
        Light("green", GREEN, "#FFFFFF", "●", "正常", "绿"),
        Light("none", MUTED, "#FFFFFF", "－", "不计", "无"),
    )
}


def figure_text(value: Any) -> str:
    """Untrusted text for a figure: only ``& < >`` escaped, for Plotly reads pseudo-HTML but shows ``&quot;`` as is."""
    return html.escape("" if value is None else str(value), quote=False)


def plot_config() -> dict[str, Any]:
    """The Plotly configuration of every figure of the site: no upload button, no logo, Chinese mode bar."""
    return {
        "showSendToCloud": False,
        "plotlyServerURL": "",
        "displaylogo": False,
        "locale": "zh-CN",
        "responsive": True,
        "scrollZoom": False,
        "toImageButtonOptions": {"filename": "台账图", "scale": 2},
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"],
    }


def template() -> dict[str, Any]:
    """The layout template of every figure (plain dict: it is also written into the page, once)."""
    axis = {
        "gridcolor": "#E6E9ED",
        "linecolor": LINE,
        "zerolinecolor": LINE,
        "tickfont": {"size": 12, "color": INK},
        "title": {"font": {"size": 12, "color": MUTED}, "standoff": 8},
        "automargin": True,
        "fixedrange": True,
    }
    return {
        "layout": {
            "font": {"family": FONT_STACK, "size": 12, "color": INK},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": [NAVY, GREEN, YELLOW, RED, BLUE, MUTED],
            "margin": {"l": 8, "r": 12, "t": 12, "b": 8, "pad": 4},
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {
                "bgcolor": "#FFFFFF",
                "bordercolor": LINE,
                "font": {"family": FONT_STACK, "size": 12, "color": INK},
                "align": "left",
            },
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": {"size": 12}},
            "dragmode": False,
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": PALE, "activecolor": NAVY},
        }
    }


@lru_cache(maxsize=1)
def plotly_template() -> Any:
    """``template()`` as the object Plotly figures take (validated once)."""
    from plotly.graph_objs.layout import Template

    return Template(template())


def css_string(text: str) -> str:
    """Untrusted text as one CSS string: everything but letters, digits and plain signs is written as an escape."""
    inner = "".join(
        c if c.isalnum() or c in " .:-–，、：（）·" else f"\\{ord(c):x} " for c in " ".join(text.split())
    )
    return f"'{inner}'"


def json_block(value: Any) -> str:
    """JSON that may stand inside a ``<script type="application/json">``: no ``< > &`` survives."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def plot_defaults() -> Markup:
    """The data block that gives every figure of a page its template and configuration (read by ``site.js``)."""
    body = json_block({"config": plot_config(), "template": template()})
    return Markup('<script type="application/json" id="plot-defaults">{}</script>').format(Markup(body))


def table_html(headers: Sequence[str], rows: Iterable[Sequence[Any]], numeric: Iterable[int] = ()) -> Markup:
    """A plain data table; every cell is escaped. ``numeric``: positions of right-aligned columns."""
    right = set(numeric)

    def cell(tag: str, position: int, content: Any) -> Markup:
        klass = Markup(' class="n"') if position in right else Markup("")
        return Markup("<{0}{1}>{2}</{0}>").format(Markup(tag), klass, "" if content is None else content)

    head = Markup("").join(cell("th", i, text) for i, text in enumerate(headers))
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(cell("td", i, c) for i, c in enumerate(row)))
        for row in rows
    )
    return Markup('<table class="data"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>').format(
        head, body
    )


Table = tuple[Sequence[str], Sequence[Sequence[Any]]]


class Drawing:
    """A figure that is made when its page is written, and not at all where the page can stay as it is.

    Its repr is what it is made of: equal reprs, equal figures.
    """

    def __init__(self, make: partial[Figure], caption: str, table: Table):
        self._make, self._caption, self._table = make, caption, table
        self._html: Markup | None = None

    def __html__(self) -> Markup:
        if self._html is None:  # one figure may stand on several pages
            self._html = figure_html(self._make(), self._caption, self._table)
        return self._html

    def __repr__(self) -> str:
        made_of = (
            self._make.func.__qualname__,
            self._make.args,
            self._make.keywords,
            self._caption,
            self._table,
        )
        return f"Drawing{made_of!r}"


def figure_html(fig: Figure, caption: str, table: Table) -> Markup:
    """The one way a figure reaches a page: a lazily drawn plot, a caption sentence and its numbers as a table.

    ``table`` is (headers, rows). The plot has no accessible name of its own, so the caption labels it and the table
    is what a screen reader, a copy or a page without script uses. A group, no image: it holds the buttons of the plot
    (the drawing itself is hidden from screen readers by ``site.js``). Template and configuration come from
    ``plot_defaults`` (one block per page).
    """
    spec = fig.to_plotly_json()
    layout = {key: item for key, item in spec["layout"].items() if key != "template"}
    body = json_block({"data": spec["data"], "layout": layout})
    headers, rows = table
    first = rows[0] if rows else ()
    numeric = [i for i, c in enumerate(first) if i and _looks_numeric(c)]
    return Markup(
        '<figure class="fig"><div class="plot" role="group" aria-label="{label}" style="height:{height}px"></div>'
        '<script type="application/json" class="spec">{body}</script><figcaption>{label}</figcaption>'
        '<details class="numbers"><summary>数据表</summary><div class="scroll">{table}</div></details></figure>'
    ).format(
        label=caption,
        height=int(layout.get("height", 320)),
        body=Markup(body),
        table=table_html(headers, rows, numeric),
    )


def _looks_numeric(text: Any) -> bool:
    stripped = str(text).replace(",", "").replace("−", "-").rstrip("%")
    return stripped in {"—", ""} or stripped.lstrip("+-").replace(".", "", 1).isdigit()


def light_html(key: str | None, number: int | None = None, *, word: bool = True) -> Markup:
    """A light as text: shape, word and, where given, a count. An unknown key is shown as ``none``."""
    light = LIGHTS.get(key or "none", LIGHTS["none"])
    return Markup('<span class="lt lt-{}"><i aria-hidden="true">{}</i>{}{}</span>').format(
        light.key,
        light.shape,
        escape(light.word) if word else Markup('<span class="sr">{}</span>').format(light.word),
        Markup("") if number is None else Markup("<b>{}</b>").format(number),
    )
