"""ThresholdStudio: judge pairs, see precision and recall, choose a threshold, export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from traitlets import Float, validate

from workbench.analysis import (
    DuplicateGroups,
    PairJudgments,
    ParaphrasePairs,
    ThresholdChoice,
    duplicate_groups,
)
from workbench.analysis.duplicates import KeepRule
from workbench.analysis.paraphrases import as_pairs
from workbench.analysis.threshold_choice import checked_threshold
from workbench.corpus import Corpus
from workbench.errors import InputError, suggest
from workbench.page import comparison_css
from workbench.views import Json, thresholds_view
from workbench.widgets._duplicates_html import groups_html, shared_html
from workbench.widgets._markup import Markup
from workbench.widgets._pair_card import PairCard
from workbench.widgets._panel import FigurePanel, OnSave, check_on_save
from workbench.widgets._status import sentence
from workbench.widgets._threshold_form import ThresholdForm, choice_sentence
from workbench.widgets.figure_host import renders_static

__all__ = ["ThresholdStudio"]

_OPTIONS = ("judgments", "threshold", "keep", "min_precision", "on_save")
_HINT = "Press S (the same) or D (different) on the card; what teaches the most comes first."


class ThresholdStudio(FigurePanel):
    """Pairs, live: judge the uncertain ones, see precision and recall, choose, group, export.

    On the card the keys S, D, K and U say the same, different, skip and undo. The scores of pairs
    are not shown before they are judged, so that they do not sway.

    Parameters
    ----------
    pairs
        What was mined, at a threshold low enough to hold nearly all duplicates.
    judgments
        Judgments of these pairs to go on with; None: none yet.
    threshold
        Where the threshold stands first; None: where ``judgments`` say, or else in the middle
        between the least mined score and 1.
    keep
        Which text of a group stays: ``first``, ``longest`` or ``central``.
    min_precision
        The precision that is asked for first.
    on_save
        Called with the current view by the save button: ``run.log``, say.

    Attributes
    ----------
    threshold : float
        The least cosine of duplicates; can be observed and set.
    selection : list of str
        Selected thresholds of the figure.

    Raises
    ------
    InputError
        If there are no pairs, the judgments are of others, or an option is unknown or out of
        range.
    """

    threshold = Float()

    def __init__(
        self,
        pairs: ParaphrasePairs,
        *,
        judgments: PairJudgments | None = None,
        threshold: float | ThresholdChoice | None = None,
        keep: KeepRule = "first",
        min_precision: float = 0.9,
        on_save: OnSave = None,
        **unknown: object,
    ) -> None:
        for name in unknown:
            raise InputError(f"ThresholdStudio has no option {name!r}. {suggest(name, _OPTIONS)}")
        check_on_save(on_save)
        self._pairs = as_pairs(pairs, "ThresholdStudio")
        self._judgments = _judgments(self._pairs, judgments)
        self._groups: DuplicateGroups | None = None
        first = self._first(threshold, min_precision)
        self._card = PairCard(self._answered)
        self._table = Markup()
        self._form = ThresholdForm(
            pairs.floor, first, min_precision, keep, lowest=self._lowest, write=self._write
        )
        self._form.line.observe(lambda change: self._try(lambda: self._set(change.new)), "value")
        self._form.rule.observe(lambda _: self._try(self._moved), "value")
        self._curve = self._judgments.curve()
        super().__init__(
            thresholds_view(self._curve, threshold=first), controls=(), said=_HINT, on_save=on_save
        )
        self._host.on_action("threshold", self._clicked)
        self.threshold = first
        self.observe(lambda _: self._moved(), "threshold")
        self._show_pair()
        self._show_groups()

    # ---- what is known

    @property
    def pairs(self) -> ParaphrasePairs:
        """The pairs that were mined."""
        return self._pairs

    @property
    def judgments(self) -> PairJudgments:
        """The judgments so far, as a value."""
        return self._judgments

    @property
    def choice(self) -> ThresholdChoice:
        """The threshold as a choice that belongs to the model, with what is known of it.

        Raises
        ------
        InputError
            If no pair is at or above it.
        """
        return self._judgments.at(self.threshold)

    def groups(self) -> DuplicateGroups:
        """Return the groups at the threshold, one text of each kept.

        Raises
        ------
        InputError
            If the pairs are between two sets.
        """
        if self._groups is None:
            kept = self._pairs.above(self.threshold)
            self._groups = duplicate_groups(kept, keep=self._form.rule.value)
        return self._groups

    def deduplicated(self) -> Corpus:
        """Return the corpus without the dropped texts.

        Raises
        ------
        InputError
            As `groups`.
        """
        return self.groups().deduplicated()

    def write_csv(self, path: str | Path) -> Path:
        """Write the table of the texts that are left, with all columns.

        Raises
        ------
        InputError
            If the file is there already or cannot be written, or the pairs are between two sets.
        """
        file = Path(path).expanduser()
        frame = self.deduplicated().to_frame()
        try:
            with file.open("x", encoding="utf-8", errors="replace", newline="") as written:
                frame.to_csv(written, index=False)
        except FileExistsError:
            raise InputError(
                f"{file} is there already, and stays as it is. Give another name."
            ) from None
        except (OSError, ValueError) as error:
            raise InputError(f"{file} cannot be written: {error}.") from None
        return file

    # ---- what is done

    def judge(self, same: bool) -> None:
        """Judge the pair that is asked, as if the button were pressed.

        Raises
        ------
        InputError
            If no pair is left, or ``same`` is not True or False.
        """
        self._judged(self._judgments.judge(same))

    def skip(self) -> None:
        """Set the pair that is asked aside.

        Raises
        ------
        InputError
            If no pair is left.
        """
        self._judged(self._judgments.skip())

    def undo(self) -> None:
        """Take the last answer back."""
        self._judged(self._judgments.undo())

    def choose(self) -> None:
        """Move to the lowest threshold with the precision that is asked for.

        Raises
        ------
        InputError
            If there is none.
        """
        found = self._judgments.choose(**self._form.wanted)
        self.threshold = found.threshold
        self.status.say(f"The lowest such threshold. {choice_sentence(found)}")

    # ---- parts

    def _first(self, threshold: object, min_precision: float) -> float:
        """Return where the threshold stands first."""
        if isinstance(threshold, ThresholdChoice):
            threshold.check(self._pairs.embeddings)
            threshold = threshold.threshold
        if threshold is not None:
            return self._checked(threshold)
        try:
            return self._judgments.choose(min_precision=min_precision).threshold
        except InputError:
            if not 0 < min_precision <= 1:
                raise
            return round((self._pairs.threshold + 1) / 2, 3)

    def _parts(self) -> tuple[Any, ...]:
        save = () if self._on_save is None else (self._save_row,)
        export = () if self._pairs.other is not None else (self._form.export,)
        body = (self._form.choosing, *save, self._host, self._table, *export)
        return (self._card, self.status, *body)

    def _spare(self) -> tuple[Any, ...]:
        return (*super()._spare(), self._form.export)

    def _state(self) -> dict[str, Json]:
        return {"threshold": self.threshold, "judged": len(self._judgments)}

    # ---- what happens

    @validate("threshold")
    def _known_threshold(self, proposal: Any) -> float:
        return self._checked(proposal["value"])

    def _checked(self, threshold: object) -> float:
        """Return a threshold at or above the least that was mined."""
        return self._pairs.above(checked_threshold(threshold, "threshold")).threshold

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:
            self.status.fail(sentence(error))

    def _set(self, value: float) -> None:
        self.threshold = value

    def _clicked(self, value: object) -> None:
        def use() -> None:
            self.threshold = float(str(value))
            self._tell()

        self._try(use)

    def _lowest(self) -> None:
        self._try(self.choose)

    def _write(self) -> None:
        def write() -> None:
            file = self.write_csv(self._form.file)
            self.status.say(f"Wrote {int(self.groups().kept.sum()):,} texts to {file}.")

        self._try(write)

    def _answered(self, answer: str) -> None:
        acts = {
            "same": lambda: self.judge(True),
            "different": lambda: self.judge(False),
            "skip": self.skip,
            "undo": self.undo,
        }
        if answer in acts:
            self._try(acts[answer])

    def _judged(self, judgments: PairJudgments) -> None:
        """Take an answer in: the next pair first, then what it says of precision."""
        before, self._judgments = self._judgments, judgments
        self._show_pair()
        self._curve = judgments.curve()
        self._draw()
        if len(judgments.answers) > len(before.answers):
            place, same = judgments.answers[-1]
            word = {True: "the same", False: "different", None: "skipped"}[same]
            score = float(self._pairs.scores[place])
            self.status.say(f"Judged {word}: cosine {score:.3f}." if same is not None
                            else f"Skipped: cosine {score:.3f}.")  # fmt: skip
        elif before.answers:
            self.status.say("Took the last answer back.")

    def _moved(self) -> None:
        """Show what another threshold, or another rule, makes of the texts."""
        self._groups = None
        self._form.line.value = self.threshold
        self._draw()
        self._show_groups()
        self._tell()

    def _tell(self) -> None:
        try:
            self.status.say(choice_sentence(self.choice))
        except InputError as error:  # no pair is above it
            self.status.say(sentence(error))

    def _draw(self) -> None:
        self._host.show(thresholds_view(self._curve, threshold=self.threshold))

    def _show_pair(self) -> None:
        judgments, pairs = self._judgments, self._pairs
        place = judgments.next_pair()
        known = f"{len(judgments):,} judged, {int(judgments.same.sum()):,} of them the same."
        number = len(judgments.answers)
        if place is None:
            self._card.show(number, f"All pairs were asked: {known}", ())
            return
        one, two = int(pairs.rows1[place]), int(pairs.rows2[place])
        left, right = pairs.embeddings.corpus, pairs.second.corpus
        shown = ((left.ids[one], left.texts[one]), (right.ids[two], right.texts[two]))
        self._card.show(number, f"Are these duplicates? {known}", shown)

    def _show_groups(self) -> None:
        if self._pairs.other is not None:
            self._table.html = shared_html(self._pairs.above(self.threshold))
        else:
            self._table.html = groups_html(self.groups())

    def _repr_mimebundle_(self, **kwargs: object) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if not renders_static():
            return bundle
        data, metadata = bundle  # what the threshold makes of the texts needs no kernel
        style = f"<style>{comparison_css()}</style>"
        return {**data, "text/html": f"{data['text/html']}{style}{self._table.html}"}, metadata


def _judgments(pairs: ParaphrasePairs, judgments: object) -> PairJudgments:
    if judgments is None:
        return PairJudgments.of(pairs)
    if not isinstance(judgments, PairJudgments):
        raise InputError(
            f"ThresholdStudio: judgments: expected PairJudgments; got {type(judgments).__name__}. "
            "PairJudgments.of(pairs) begins them, PairJudgments.from_json(text, pairs) reads them."
        )
    if judgments.pairs is not pairs:
        raise InputError(
            "ThresholdStudio: the judgments are of other pairs. Give the pairs they were made of "
            "(judgments.pairs), or read them anew: "
            "PairJudgments.from_json(judgments.to_json(), pairs)."
        )
    return judgments
