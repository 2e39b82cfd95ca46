import { type HierarchyPointNode, stratify, tree } from "d3-hierarchy";
import type { LineageNode } from "../../client/models";

/** Distances between siblings and between generations, in pixels. */
const SIBLING = 18;
const LABELLED_SIBLING = 40;
const GENERATION = 120;
const ROOT = " root";

/** The nodes at their places: x is the place among siblings, y the generation. */
export function layOut(
  nodes: readonly LineageNode[],
  areLabelled: boolean,
): HierarchyPointNode<LineageNode>[] {
  const known = new Set(nodes.map((node) => node.node_id));
  const parentOf = (node: LineageNode) =>
    node.parent_id !== null && known.has(node.parent_id) ? node.parent_id : ROOT;
  const root: LineageNode = {
    node_id: ROOT,
    parent_id: null,
    ghost: true,
    on_path: false,
    name: "",
    number: null,
    status: null,
    bd_rate_percent: null,
  };
  const hierarchy = stratify<LineageNode>()
    .id((node) => node.node_id)
    .parentId((node) => (node === root ? null : parentOf(node)))([root, ...nodes]);
  // The path stands in the middle of its siblings' order of BD-rate: it is the first of them.
  hierarchy.sort((one, other) => Number(other.data.on_path) - Number(one.data.on_path));
  return tree<LineageNode>()
    .nodeSize([areLabelled ? LABELLED_SIBLING : SIBLING, GENERATION])(hierarchy)
    .descendants()
    .filter((node) => node.data !== root);
}
