"""Views: values in, ``View(figure, texts, state)`` out. Nothing is computed here."""

from workbench.views._clusters import clusters_view
from workbench.views._dispatch import view_of
from workbench.views._heatmap import MOST_TEXTS, heatmap_view
from workbench.views._map import map_view
from workbench.views._order import Order
from workbench.views._strings import plotly_text
from workbench.views._view import Json, View
from workbench.views.privacy import redacted
from workbench.views.theme import host_theme, template

__all__ = [
    "MOST_TEXTS",
    "Json",
    "Order",
    "View",
    "clusters_view",
    "heatmap_view",
    "host_theme",
    "map_view",
    "plotly_text",
    "redacted",
    "template",
    "view_of",
]
