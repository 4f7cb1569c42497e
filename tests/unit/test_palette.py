"""Colours: told apart by colour-blind readers, read on every ground, the same in theme and style sheet.

A contrast is a ratio of luminances, hence what is asserted here holds on grey paper and in a grey copy, too.
"""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from dashboards import theme
from dashboards.render import styles


def linear(colour: str) -> list[float]:
    """sRGB #rrggbb → linear light 0–1."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]


def contrast(a: str, b: str) -> float:
    """WCAG contrast ratio of two colours."""
    light = [sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(x), strict=True)) for x in (a, b)]
    return (max(light) + 0.05) / (min(light) + 0.05)


# Machado, Oliveira and Fernandes 2009, severity 1.
BLIND = {
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
}


def lab(rgb: list[float]) -> list[float]:
    """Linear RGB → CIELAB (D65)."""
    matrix = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    xyz = [sum(m * c for m, c in zip(row, rgb, strict=True)) for row in matrix]
    f = [
        t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116
        for t in (v / w for v, w in zip(xyz, (0.9505, 1.0, 1.089), strict=True))
    ]
    return [116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])]


def test_contrast_formula_on_known_pairs():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def seen(colour: str, kind: str) -> list[float]:
    """What a colour looks like to a reader of that kind, as CIELAB; normal sight: ``"normal"``."""
    matrix = BLIND.get(kind, ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    return lab(
        [min(max(sum(m * c for m, c in zip(row, linear(colour), strict=True)), 0), 1) for row in matrix]
    )


def difference(a: str, b: str, kind: str) -> float:
    """ΔE (CIE 1976) of two colours for a kind of reader."""
    return sum((x - y) ** 2 for x, y in zip(seen(a, kind), seen(b, kind), strict=True)) ** 0.5


def test_the_measure_gives_the_figures_of_the_research():
    # ux.md 4.4, smallest difference of red, yellow and green: normal, deutan, protan.
    for trio, expected in (
        (("#FF0000", "#FFFF00", "#018000"), (74, 24, 10)),
        (("#D55E00", "#E69F00", "#009E73"), (33, 18, 25)),
        (("#B71C1C", "#F2A900", "#00796B"), (66, 44, 30)),
    ):
        smallest = [
            min(difference(a, b, kind) for a, b in combinations(trio, 2)) for kind in ("normal", *BLIND)
        ]
        assert smallest == pytest.approx(expected, abs=1), trio


@pytest.mark.parametrize("kind", ["normal", *BLIND])
def test_red_yellow_green_differ_for_every_reader(kind):
    for a, b in combinations((theme.RED, theme.YELLOW, theme.GREEN), 2):
        assert difference(a, b, kind) >= 30, (a, b)


def test_text_on_every_light_is_readable():
    for light in theme.LIGHTS.values():
        assert contrast(light.colour, light.on) >= 4.5, light


# --- style sheet -------------------------------------------------------------------------------------------------

# A shape beside its word, a line, a bar: 3 : 1 is enough (WCAG 1.4.11). What is no text at all is not measured.
SHAPES = re.compile(r"(^|[\s,>])i$")


def variables(css: str) -> dict[str, str]:
    """Custom properties that are colours."""
    return dict(re.findall(r"(--[\w-]+):(#[0-9A-Fa-f]{3,6})\b", css))


def colour(value: str, known: dict[str, str]) -> str | None:
    """#rrggbb of a CSS value; None where it is no plain colour."""
    value = value.replace("!important", "").strip()
    value = known.get(value.removeprefix("var(").removesuffix(")"), value)
    if re.fullmatch(r"#[0-9A-Fa-f]{3}", value):
        value = "#" + "".join(2 * digit for digit in value[1:])
    return value if re.fullmatch(r"#[0-9A-Fa-f]{6}", value) else None


def rules() -> list[tuple[str, dict[str, str]]]:
    """(selector, {property: colour}) of every rule that sets colours; at-rules are opened."""
    css = re.sub(r"/\*.*?\*/", "", styles(), flags=re.S)
    known = variables(css)
    found = []
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", css):
        pairs = dict(re.findall(r"(?:^|;)\s*(color|background)\s*:\s*([^;]+)", body))
        colours = {name: made for name, value in pairs.items() if (made := colour(value, known))}
        if colours:
            found.append((selector.strip(), colours))
    return found


def test_the_style_sheet_has_the_colours_of_the_theme():
    known = variables(styles())
    for name in ("RED", "YELLOW", "GREEN", "BLUE", "INK", "MUTED", "LINE", "NAVY"):
        assert known[f"--{name.lower()}"] == getattr(theme, name), name


def test_every_text_colour_is_readable_on_its_ground():
    found = rules()
    assert len(found) > 100  # the sheet was taken apart
    weak = []
    for selector, colours in found:
        text, ground = colours.get("color"), colours.get("background", "#FFFFFF")
        # White text without a ground of its own stands on that of the rule it refines, which is measured there.
        if text is None or (text.upper() == "#FFFFFF" and "background" not in colours):
            continue
        least = 3 if all(SHAPES.search(part.strip()) for part in selector.split(",")) else 4.5
        if contrast(text, ground) < least:
            weak.append((selector, text, ground, round(contrast(text, ground), 2)))
    assert weak == []


def test_ordinary_text_is_readable_on_every_tint():
    """A light ground without a text colour carries ink; secondary text stands on the pale ones only (tables)."""
    weak = []
    for selector, colours in rules():
        ground = colours.get("background")
        if ground is None or "color" in colours or contrast(ground, "#000000") < 10:
            continue
        pale = contrast(ground, "#000000") > 16
        weak += [(selector, ground)] if contrast(theme.INK, ground) < 7 else []
        weak += [(selector, ground, "muted")] if pale and contrast(theme.MUTED, ground) < 4.5 else []
    assert weak == []


def test_every_colour_of_a_figure_is_seen_on_white():
    for name in ("RED", "GREEN", "BLUE", "INK", "MUTED", "NAVY"):
        assert contrast(getattr(theme, name), "#FFFFFF") >= 3, name
