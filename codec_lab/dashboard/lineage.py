"""Who descends from whom."""

import math
from collections.abc import Sequence

from codec_lab.dashboard.campaign_views import LineageNode, LineageView
from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.errors import UnknownRecordError
from codec_lab.model import Sha256

MAX_CHILDREN = 200
"""More would not be legible."""


def lineage(
    rows: Sequence[ListedExperiment], root_id: str | None, seed_sha256: Sha256 | None
) -> LineageView:
    """Give the ancestors of an experiment, and the best of their children and its own.

    A parent that no experiment has is a ghost: the seed, or a record that is missing.

    Parameters
    ----------
    rows : sequence of ListedExperiment
        All of the campaign.
    root_id : str or None
        The experiment; None takes the best.
    seed_sha256 : str or None
        The candidate that the campaign started from.

    Raises
    ------
    UnknownRecordError
        If the campaign has no such experiment.
    """
    root = _root(rows, root_id)
    if root is None:
        return LineageView(root_id=None, nodes=(), hidden_children=0)
    path, ghost = _path(root, rows)
    on_path = {row.experiment_id for row in path}
    parents = {row.candidate_sha256 for row in path} | {ghost}
    children = [
        row
        for row in rows
        if row.parent_sha256 and row.parent_sha256 in parents and row.experiment_id not in on_path
    ]
    children.sort(key=_by_bd_rate)
    names = {row.candidate_sha256: row.experiment_id for row in path if row.candidate_sha256}
    nodes = []
    if ghost is not None:
        names[ghost] = ghost[:12]
        nodes.append(_ghost(ghost, is_seed=ghost == seed_sha256))
    for row in [*reversed(path), *children[:MAX_CHILDREN]]:
        is_first = row is path[-1] and ghost is None
        parent_id = None if is_first else names.get(row.parent_sha256 or "")
        nodes.append(_node(row, parent_id, on_path=row.experiment_id in on_path))
    return LineageView(
        root_id=root.experiment_id,
        nodes=tuple(nodes),
        hidden_children=max(0, len(children) - MAX_CHILDREN),
    )


def _path(
    root: ListedExperiment, rows: Sequence[ListedExperiment]
) -> tuple[list[ListedExperiment], Sha256 | None]:
    """Follow the parents up, and give the one that no experiment has; None after a circle."""
    by_candidate = {row.candidate_sha256: row for row in rows if row.candidate_sha256}
    path = [root]
    seen = {root.experiment_id}
    while path[-1].parent_sha256 is not None:
        parent = by_candidate.get(path[-1].parent_sha256)
        if parent is None:
            return path, path[-1].parent_sha256
        if parent.experiment_id in seen:
            break
        seen.add(parent.experiment_id)
        path.append(parent)
    return path, None


def _root(rows: Sequence[ListedExperiment], root_id: str | None) -> ListedExperiment | None:
    if root_id is None:
        return min(rows, key=_by_bd_rate, default=None)
    found = next((row for row in rows if row.experiment_id == root_id), None)
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
        node_id=candidate_sha256[:12],
        parent_id=None,
        ghost=True,
        on_path=True,
        name="The seed" if is_seed else "A candidate without a record",
        number=None,
        status=None,
        bd_rate_percent=None,
    )
