"""Who descends from whom."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from codec_lab.dashboard.campaign_views import LineageNode, LineageView
from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.dashboard.roster import Roster
from codec_lab.errors import UnknownRecordError
from codec_lab.model import Sha256

MAX_CHILDREN = 200
MAX_ANCESTORS = 60
"""More would not be legible."""

_GHOST_LENGTH = 12


def lineage(roster: Roster, root_id: str | None, seed_sha256: Sha256 | None) -> LineageView:
    """Give the nearest ancestors of an experiment, and the best of their children and its own.

    A parent that no experiment has is a ghost: the seed, or a record that is missing.

    Parameters
    ----------
    roster : Roster
        The campaign's experiments.
    root_id : str or None
        The experiment; None takes the best.
    seed_sha256 : str or None
        The candidate that the campaign started from.

    Raises
    ------
    UnknownRecordError
        If the campaign has no such experiment.
    """
    root = _root(roster, root_id)
    if root is None:
        return LineageView(root_id=None, nodes=(), hidden_children=0, hidden_ancestors=0)
    by_candidate = roster.once(candidates)
    line, ghost = _path(root, by_candidate)
    path = line[: 1 + MAX_ANCESTORS]
    on_path = {row.experiment_id for row in path}
    nodes = []
    if ghost is not None and len(path) == len(line):
        nodes.append(_ghost(ghost, is_seed=ghost == seed_sha256))
    shown_parents = on_path | {node.node_id for node in nodes}
    children_of = roster.once(_children)
    children = [
        row
        for parent_id in shown_parents
        for row in children_of.get(parent_id, ())
        if row.experiment_id not in on_path
    ]
    children.sort(key=_by_bd_rate)
    nodes += (
        _node(row, _parent_id(row, by_candidate), on_path=row.experiment_id in on_path)
        for row in [*reversed(path), *children[:MAX_CHILDREN]]
    )
    return LineageView(
        root_id=root.experiment_id,
        nodes=tuple(nodes),
        hidden_children=max(0, len(children) - MAX_CHILDREN),
        hidden_ancestors=len(line) - len(path),
    )


def _path(
    root: ListedExperiment, by_candidate: Mapping[Sha256, ListedExperiment]
) -> tuple[list[ListedExperiment], Sha256 | None]:
    """Follow the parents up to the first without an experiment, and give its candidate."""
    path = [root]
    while path[-1].parent_sha256 is not None:
        parent = parent_of(path[-1], by_candidate)
        if parent is None:
            return path, path[-1].parent_sha256
        path.append(parent)
    return path, None


def _children(roster: Roster) -> Mapping[str, Sequence[ListedExperiment]]:
    """Give the experiments by the node of their parent."""
    by_candidate = roster.once(candidates)
    children: dict[str, list[ListedExperiment]] = defaultdict(list)
    for row in roster:
        parent_id = _parent_id(row, by_candidate)
        if parent_id is not None:
            children[parent_id].append(row)
    return children


def candidates(rows: Sequence[ListedExperiment]) -> dict[Sha256, ListedExperiment]:
    """Give the first experiment with each candidate."""
    ordered = sorted(rows, key=lambda row: row.number, reverse=True)
    return {row.candidate_sha256: row for row in ordered if row.candidate_sha256}


def parent_of(
    row: ListedExperiment, by_candidate: Mapping[Sha256, ListedExperiment]
) -> ListedExperiment | None:
    """Find whose candidate an experiment was made from.

    One that came later merely arrived at the same candidate, as when a search comes back to the
    seed.
    """
    parent = by_candidate.get(row.parent_sha256 or "")
    return parent if parent is not None and parent.number < row.number else None


def _parent_id(
    row: ListedExperiment, by_candidate: Mapping[Sha256, ListedExperiment]
) -> str | None:
    parent = parent_of(row, by_candidate)
    if parent is not None:
        return parent.experiment_id
    return row.parent_sha256[:_GHOST_LENGTH] if row.parent_sha256 else None


def _root(roster: Roster, root_id: str | None) -> ListedExperiment | None:
    if root_id is None:
        return min(roster, key=_by_bd_rate, default=None)
    found = roster.find(root_id)
    if found is None:
        raise UnknownRecordError(f"The campaign has no experiment {root_id!r}.")
    return found


def _by_bd_rate(row: ListedExperiment) -> tuple[float, int]:
    return (math.inf if row.bd_rate_percent is None else row.bd_rate_percent, row.number)


def _node(row: ListedExperiment, parent_id: str | None, *, on_path: bool) -> LineageNode:
    return LineageNode(
        node_id=row.experiment_id,
        parent_id=parent_id,
        ghost=False,
        on_path=on_path,
        name=row.name,
        number=row.number,
        status=row.status,
        bd_rate_percent=row.bd_rate_percent,
    )


def _ghost(candidate_sha256: Sha256, *, is_seed: bool) -> LineageNode:
    return LineageNode(
        node_id=candidate_sha256[:_GHOST_LENGTH],
        parent_id=None,
        ghost=True,
        on_path=True,
        name="The seed" if is_seed else "A candidate without a record",
        number=None,
        status=None,
        bd_rate_percent=None,
    )
