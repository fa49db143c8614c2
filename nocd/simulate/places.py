"""Where the simulated company works: metropolitan areas with their real time zones, and kinds of sites."""

from __future__ import annotations

from typing import NamedTuple

from nocd.simulate.space import Point


class Metro(NamedTuple):
    """A city with its neighbourhood; `culture` says where most names there come from."""

    name: str
    country: str
    timezone: str
    centre: Point
    culture: str


METROS = (
    Metro("London", "GB", "Europe/London", Point(51.5072, -0.1276), "british"),
    Metro("New York", "US", "America/New_York", Point(40.7128, -74.0060), "american"),
    Metro("Mumbai", "IN", "Asia/Kolkata", Point(19.0760, 72.8777), "indian"),
    Metro("Sydney", "AU", "Australia/Sydney", Point(-33.8688, 151.2093), "british"),
    Metro("Berlin", "DE", "Europe/Berlin", Point(52.5200, 13.4050), "german"),
    Metro("São Paulo", "BR", "America/Sao_Paulo", Point(-23.5505, -46.6333), "lusophone"),
    Metro("Nairobi", "KE", "Africa/Nairobi", Point(-1.2921, 36.8219), "african"),
    Metro("Tokyo", "JP", "Asia/Tokyo", Point(35.6762, 139.6503), "japanese"),
    Metro("Chicago", "US", "America/Chicago", Point(41.8781, -87.6298), "american"),
    Metro("Paris", "FR", "Europe/Paris", Point(48.8566, 2.3522), "french"),
    Metro("Dubai", "AE", "Asia/Dubai", Point(25.2048, 55.2708), "arab"),
    Metro("Auckland", "NZ", "Pacific/Auckland", Point(-36.8509, 174.7645), "british"),
    Metro("Toronto", "CA", "America/Toronto", Point(43.6532, -79.3832), "american"),
    Metro("Warsaw", "PL", "Europe/Warsaw", Point(52.2297, 21.0122), "slavic"),
    Metro("Singapore", "SG", "Asia/Singapore", Point(1.3521, 103.8198), "chinese"),
    Metro("Lagos", "NG", "Africa/Lagos", Point(6.5244, 3.3792), "african"),
    Metro("Madrid", "ES", "Europe/Madrid", Point(40.4168, -3.7038), "hispanic"),
    Metro("Mexico City", "MX", "America/Mexico_City", Point(19.4326, -99.1332), "hispanic"),
    Metro("Los Angeles", "US", "America/Los_Angeles", Point(34.0522, -118.2437), "american"),
    Metro("Stockholm", "SE", "Europe/Stockholm", Point(59.3293, 18.0686), "nordic"),
    Metro("Johannesburg", "ZA", "Africa/Johannesburg", Point(-26.2041, 28.0473), "african"),
    Metro("Kathmandu", "NP", "Asia/Kathmandu", Point(27.7172, 85.3240), "indian"),
    Metro("Santiago", "CL", "America/Santiago", Point(-33.4489, -70.6693), "hispanic"),
    Metro("Manila", "PH", "Asia/Manila", Point(14.5995, 120.9842), "hispanic"),
)


class Kind(NamedTuple):
    """A kind of guarded place: its names, business hours, and how its fence is judged."""

    name: str
    nouns: tuple[str, ...]
    business_hours: str
    hysteresis_m: float
    tier: int


KINDS = (
    Kind("office", ("Business Park", "Tower", "Courtyard"), "Mon-Fri 08:00-18:00", 1.0, 3),
    Kind("warehouse", ("Logistics Centre", "Depot", "Cold Store"), "Mon-Sat 06:00-22:00", 10.0, 2),
    Kind("mall", ("Galleria", "Market Hall", "Shopping Centre"), "Mon-Sat 10:00-21:00", 1.0, 3),
    Kind("hospital", ("Clinic", "Hospital", "Medical Campus"), "Mon-Sun 07:00-20:00", 1.0, 4),
    Kind("construction", ("Building Site", "Bridge Works", "Tunnel Works"), "Mon-Fri 07:00-17:00", 5.0, 2),
    Kind("datacentre", ("Data Centre", "Exchange", "Substation"), "Mon-Fri 09:00-17:00", 1.0, 5),
)

QUARTERS = (
    "North",
    "Harbour",
    "Riverside",
    "Airport",
    "Old Town",
    "East",
    "Garden",
    "Station",
    "Hill",
    "South",
    "West",
)

CLIENTS = (
    "Alderbrook Freight",
    "Kestrel Property",
    "Meridian Health Group",
    "Palisade Data",
    "Saffron Retail",
    "Tidewater Energy",
    "Quarry Lane Construction",
    "Juniper Foods",
    "Lantern Bank",
    "Orchard Telecom",
)
