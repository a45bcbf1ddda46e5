"""Aligned maps: a panel per model in one frame, and what moved as columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import unescape

import numpy as np
import pytest

from workbench.analysis import AlignedMaps, Clustering, aligned_maps
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.views import View, aligned_view, redacted, view_of


def two_groups(seed: int, swapped: bool = False) -> Embeddings:
    """Return 40 texts in two groups; swapped: the first ten are in the other group."""
    owner = np.repeat([0, 1], 20)
    if swapped:
        owner[:10] = 1
    noise = np.random.default_rng(seed).normal(size=(40, 6))
    corpus = Corpus(
        tuple(f"text {row}" for row in range(40)), columns={"half": ["a", "b"] * 20}, label="half"
    )
    return Embeddings.from_array(6 * np.eye(6)[owner] + noise, corpus, name="groups")


@pytest.fixture(scope="module")
def maps() -> AlignedMaps:
    given = {"before": two_groups(0), "after": two_groups(0, swapped=True), "same": two_groups(0)}
    return aligned_maps(given, method="pca", progress=False)


def test_each_panel_shows_its_own_map(maps: AlignedMaps) -> None:
    view = view_of(maps)
    assert view.kind == "aligned"
    assert view.meta["color_by"] == "half"
    for axis, projection in zip(("x", "x2", "x3"), maps.projections, strict=True):
        traces = [trace for trace in view.figure.data if trace.xaxis == axis]
        assert [trace.name for trace in traces] == ["a", "b"]
        assert {trace.yaxis for trace in traces} == {axis.replace("x", "y")}
        rows = np.concatenate([trace.customdata for trace in traces])
        assert sorted(rows.tolist()) == list(range(40))
        for trace in traces:
            np.testing.assert_array_equal(trace.x, projection.coordinates[trace.customdata, 0])
            np.testing.assert_array_equal(trace.y, projection.coordinates[trace.customdata, 1])


def test_panels_show_the_same_part_of_the_plane_and_do_not_overlap(maps: AlignedMaps) -> None:
    layout = view_of(maps).figure.layout
    assert [layout[name].matches for name in ("xaxis2", "xaxis3")] == ["x", "x"]
    assert [layout[name].matches for name in ("yaxis2", "yaxis3")] == ["y", "y"]
    boxes = [
        (*layout[f"xaxis{number}"].domain, *layout[f"yaxis{number}"].domain)
        for number in ("", "2", "3")
    ]
    for place, (left, right, low, high) in enumerate(boxes):
        assert 0 <= left < right <= 1
        assert 0 <= low < high <= 1
        for other in boxes[:place]:
            beside = right <= other[0] or other[1] <= left
            above = high <= other[2] or other[3] <= low
            assert beside or above


def test_what_moved_can_colour_and_is_in_the_table(maps: AlignedMaps) -> None:
    view = aligned_view(maps, color_by="moved: same")
    moved = view.texts["moved: after"].eq("moved").to_numpy()
    np.testing.assert_array_equal(moved, maps.moved[1])
    assert moved[:10].all()  # the ten that changed groups
    assert not view.texts["moved: same"].eq("moved").any()
    np.testing.assert_allclose(view.texts["movement: after"], maps.movement[1], atol=5e-5)
    assert view.texts["movement: same"].max() < 0.01  # two identical models
    kinds = {entry["name"]: entry["kind"] for entry in view.meta["color_columns"]}
    assert kinds["movement: after"] == "number"
    assert kinds["moved: after"] == "category"
    assert {trace.name for trace in view.figure.data} == {"within chance"}
    assert "moved: after" in view.meta["table"]


def test_titles_say_how_well_they_fit(maps: AlignedMaps) -> None:
    view = view_of(maps)
    names = [note.text for note in view.figure.layout.annotations]
    assert names[0].startswith("before · trustworthiness")
    assert f"residual {maps.residual[1]:.1%}" in names[1]
    assert maps.sentences()[0] in view.meta["subtitle"]
    drawn = unescape(view.figure.layout.title.subtitle.text)
    assert drawn.startswith("PCA has no noise between seeds: movement of any size is the models'.")
    moved = "From before to after, 40 of 40 texts (100%) moved further than 95 % of them do"
    assert f"{moved} between seeds" in drawn, "what is cut at 200 characters is the rest"


def test_an_artifact_comes_back(maps: AlignedMaps) -> None:
    back = View.from_json(view_of(maps).to_json())
    assert back.kind == "aligned"
    assert json.loads(json.dumps(back.meta["panels"])) == view_of(maps).meta["panels"]
    np.testing.assert_array_equal(back.figure.data[2].x, view_of(maps).figure.data[2].x)


def test_a_private_one_keeps_the_places_only(maps: AlignedMaps) -> None:
    view = redacted(view_of(maps), texts=False, columns=[])
    assert list(view.texts.columns) == ["id"]
    assert {trace.xaxis for trace in view.figure.data} == {"x", "x2", "x3"}
    (second,) = (trace for trace in view.figure.data if trace.xaxis == "x2")
    np.testing.assert_array_equal(second.x, maps.projections[1].coordinates[:, 0])
    assert "text 3" not in view.to_json()


def test_what_cannot_be_shown_is_refused(
    maps: AlignedMaps, corpus: Corpus, clustered: Callable[..., Clustering]
) -> None:
    with pytest.raises(InputError, match="'nothing' cannot colour"):
        aligned_view(maps, color_by="nothing")
    with pytest.raises(InputError, match="of 'twelve'"):
        aligned_view(maps, clustering=clustered(corpus, [0] * 12, [["word"]]))
    many = {f"model {number}": two_groups(number) for number in range(7)}
    with pytest.raises(InputError, match="at most 6 maps; got 7"):
        aligned_view(aligned_maps(many, method="pca", progress=False))
