#!/usr/bin/env python3
"""Makes src/app/fonts from the packages in node_modules: only the weights and letters that the dashboard shows.

Needs `pip install fonttools brotli`. Run it after updating a font package; the results are committed.
"""

from pathlib import Path

from fontTools.subset import Options, Subsetter, parse_unicodes
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

WEB = Path(__file__).resolve().parent.parent
PACKAGES = WEB / "node_modules/@fontsource-variable"
TARGET = WEB / "src/app/fonts"

LATIN = (
    "0020-007E,00A0-00FF,0131,0152-0153,02C6,02DA,02DC,2002-200A,2010-2015,2018-201E,2020-2022,2026,202F,2030,"
    "2032-2033,2039-203A,20AC,2122,2190-2193,2212"
)
ARABIC = "0600-06FF,0750-077F,200C-200E,FB50-FDFF,FE70-FEFC"
MONO = "0020-007E,00A0-00FF,2010-2015,2018-201E,2022,2026"
FONTS = {
    "geist-latin": ("geist/files/geist-latin-wght-normal", LATIN, (400, 600)),
    "readex-arabic": ("readex-pro/files/readex-pro-arabic-wght-normal", ARABIC, (400, 600)),
    "geist-mono-latin": ("geist-mono/files/geist-mono-latin-wght-normal", MONO, (400, 500)),
}


def make(name: str, source: str, letters: str, weights: tuple[int, int]) -> None:
    font = TTFont(PACKAGES / f"{source}.woff2", recalcTimestamp=False)
    options = Options(flavor="woff2", hinting=False, desubroutinize=True)
    # Arabic joins and stacks its letters with these tables, so it keeps all of them.
    latin = ["ccmp", "locl", "kern", "mark", "mkmk", "liga", "tnum"]
    options.layout_features = ["*"] if name == "readex-arabic" else latin
    options.name_IDs = [0, 1, 2, 13, 14]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=parse_unicodes(letters))
    subsetter.subset(font)
    font = instantiateVariableFont(font, {"wght": weights})
    file = TARGET / f"{name}.woff2"
    font.save(file)
    print(f"{file.name}: {(PACKAGES / f'{source}.woff2').stat().st_size} -> {file.stat().st_size}")


TARGET.mkdir(exist_ok=True)
for one, (path, wanted, span) in FONTS.items():
    make(one, path, wanted, span)
