"""Views: values in, ``View(figure, texts, state)`` out. Nothing is computed here."""

from workbench.views._agreement import AGREEMENT_MEASURES, agreement_view
from workbench.views._aligned import MOST_PANELS, aligned_view
from workbench.views._blocks import blocks_view
from workbench.views._clusters import clusters_view
from workbench.views._dispatch import view_of
from workbench.views._forest import forest_view
from workbench.views._heatmap import MOST_TEXTS, difference_view, heatmap_view
from workbench.views._map import check_colors, map_view
from workbench.views._order import Order
from workbench.views._pairs import pairs_view
from workbench.views._ranks import ranks_view
from workbench.views._search import search_view
from workbench.views._strings import plotly_text
from workbench.views._texts_table import texts_view
from workbench.views._thresholds import thresholds_view
from workbench.views._tradeoff import tradeoff_view
from workbench.views._view import Json, View
from workbench.views.privacy import redacted
from workbench.views.theme import host_theme, template

__all__ = [
    "AGREEMENT_MEASURES",
    "MOST_PANELS",
    "MOST_TEXTS",
    "Json",
    "Order",
    "View",
    "agreement_view",
    "aligned_view",
    "blocks_view",
    "check_colors",
    "clusters_view",
    "difference_view",
    "forest_view",
    "heatmap_view",
    "host_theme",
    "map_view",
    "pairs_view",
    "plotly_text",
    "ranks_view",
    "redacted",
    "search_view",
    "template",
    "texts_view",
    "thresholds_view",
    "tradeoff_view",
    "view_of",
]
