"""People's names from many cultures, and telephone numbers that regulators keep free for fiction."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_NAMES: dict[str, tuple[str, str]] = {
    "british": (
        "Oliver Amelia Harry Isla Callum Fiona Rhys Megan Ewan Niamh",
        "Hughes Fletcher Doyle Campbell Price Barlow Whitaker Lennox Marsh Kerr",
    ),
    "american": (
        "Jordan Madison Tyler Brianna Marcus Denise Wyatt Keisha Logan Tessa",
        "Brooks Ramirez Coleman Hayes Sullivan Banks Whitfield Delgado Monroe Parks",
    ),
    "indian": (
        "Arjun Priya Rohan Ananya Vikram Sunita Imran Kavya Bishal Meera",
        "Sharma Patil Nair Reddy Khan Thapa Iyer Gurung Das Kulkarni",
    ),
    "german": (
        "Lukas Hannah Jonas Lena Matthias Katrin Emre Ayşe Stefan Birgit",
        "Schneider Öztürk Hoffmann Krüger Vogel Brandt Köhler Demir Lorenz Seidel",
    ),
    "lusophone": (
        "João Beatriz Thiago Larissa Rafael Camila Inês Duarte Otávio Marina",
        "Silva Oliveira Cardoso Ferreira Monteiro Azevedo Barros Nogueira Teixeira Ramos",
    ),
    "african": (
        "Kwame Amina Chinedu Wanjiru Sipho Thandiwe Otieno Folake Tendai Zanele",
        "Okafor Mwangi Dlamini Adeyemi Nkosi Kamau Mensah Achieng Banda Moyo",
    ),
    "japanese": (
        "Haruto Yui Kenta Sakura Daichi Aoi Takumi Naoko Ryo Emi",
        "Tanaka Suzuki Yamamoto Kobayashi Mori Ishikawa Hayashi Ueda Fujita Ogawa",
    ),
    "french": (
        "Antoine Camille Mathieu Élodie Youssef Inès Baptiste Manon Karim Sylvie",
        "Lefèvre Moreau Benali Garnier Rousseau Diallo Chevalier Marchand Perrin Traoré",
    ),
    "arab": (
        "Omar Layla Khalid Noura Faisal Hana Tariq Salma Yusuf Rania",
        "Haddad Mansour Nasser Rahman Khoury Saleh Bakri Farouk Aziz Hariri",
    ),
    "slavic": (
        "Jakub Zofia Piotr Magdalena Oleksandr Iryna Marek Kateryna Tomasz Vesna",
        "Kowalski Nowak Shevchenko Wójcik Novák Bondarenko Lis Horvat Zieliński Petrova",
    ),
    "chinese": (
        "Wei Mei Jun Xinyi Hao Li-Ting Kai Yan Zhi Hui-Min",
        "Chen Tan Lim Wong Zhang Ng Liu Goh Huang Teo",
    ),
    "hispanic": (
        "Diego Lucía Mateo Valentina Javier Carmen Andrés Paloma Rodrigo Ximena",
        "García Fernández Reyes Santos Morales Cruz Herrera Navarro Vargas Bautista",
    ),
    "nordic": (
        "Erik Astrid Lars Ingrid Anders Freja Mikko Aino Björn Sanna",
        "Lindqvist Hansen Virtanen Berg Nyström Dahl Korhonen Ekström Solberg Holm",
    ),
}
_CULTURES = {name: (given.split(), family.split()) for name, (given, family) in _NAMES.items()}
_FOREIGN_SHARE = 0.35

# Numbers for drama: Ofcom (GB), NANPA 555-01xx (US, CA), ARCEP (FR), Bundesnetzagentur (DE), PTS (SE).
_PHONES = {
    "GB": ("+44 7700 900{:03d}", 0, 1_000),
    "US": ("+1 212 555 01{:02d}", 0, 100),
    "CA": ("+1 416 555 01{:02d}", 0, 100),
    "FR": ("+33 6 39 98 {:04d}", 0, 10_000),
    "DE": ("+49 171 39200{:02d}", 0, 100),
    "SE": ("+46 70 174 06{:02d}", 5, 100),
}


def full_name(rng: Random, culture: str) -> str:
    """Return a name of `culture`, or in one case of three of any other: companies are mixed."""
    if rng.random() < _FOREIGN_SHARE:
        culture = rng.choice(list(_CULTURES))
    given, family = _CULTURES[culture]
    return f"{rng.choice(given)} {rng.choice(family)}"


def fictional_phone(rng: Random, country: str) -> str:
    """Return a number that is nobody's; a country that keeps none free gets a British one."""
    pattern, first, end = _PHONES.get(country, _PHONES["GB"])
    return pattern.format(rng.randrange(first, end))
