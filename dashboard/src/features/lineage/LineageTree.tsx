import { useEffect, useMemo, useRef } from "react";
import { useLocation } from "wouter";
import { useHref } from "../../app/campaignChoice";
import type { LineageNode } from "../../client/models";
import { signed, words } from "../../components/format";
import { layOut } from "./layout";

const MARGIN = 60;
const LABELLED = 40;

interface Props {
  nodes: readonly LineageNode[];
}

/** The tree of descent from left to right; ancestors can be reached and opened by keys. */
export function LineageTree({ nodes }: Props) {
  const box = useRef<HTMLElement>(null);
  const shown = JSON.stringify(nodes);
  const areLabelled = nodes.length <= LABELLED;
  const placed = useMemo(
    () => layOut(JSON.parse(shown) as LineageNode[], areLabelled),
    [shown, areLabelled],
  );
  const top = Math.min(...placed.map((node) => node.x)) - MARGIN / 2;
  const bottom = Math.max(...placed.map((node) => node.x)) + MARGIN / 2;
  const start = Math.min(...placed.map((node) => node.y)) - MARGIN;
  const end = Math.max(...placed.map((node) => node.y)) + 2 * MARGIN;
  const youngest = placed.filter((node) => node.data.on_path).at(-1);
  const focusX = (youngest?.y ?? 0) - start;
  const focusY = (youngest?.x ?? 0) - top;
  useEffect(() => {
    const element = box.current;
    element?.scrollTo(focusX - element.clientWidth / 2, focusY - element.clientHeight / 2);
  }, [focusX, focusY]);
  return (
    <section ref={box} className="lineage scroll-box" aria-label="Tree of descent" tabIndex={0}>
      <svg
        width={end - start}
        height={bottom - top}
        viewBox={`${start} ${top} ${end - start} ${bottom - top}`}
        role="group"
        aria-label={`${placed.length} candidates`}
      >
        {placed.map((node) => {
          const { parent } = node;
          const isShown = parent && placed.includes(parent);
          return isShown ? (
            <path
              key={node.data.node_id}
              className={node.data.on_path ? "link on-path" : "link"}
              d={`M${parent.y} ${parent.x}C${parent.y + 60} ${parent.x} ${node.y - 60} ${node.x} ${node.y} ${node.x}`}
            />
          ) : null;
        })}
        {placed.map((node) => (
          <Candidate
            key={node.data.node_id}
            node={node.data}
            x={node.y}
            y={node.x}
            hasLabel={node.data.on_path || areLabelled}
          />
        ))}
      </svg>
    </section>
  );
}

interface CandidateProps {
  node: LineageNode;
  x: number;
  y: number;
  hasLabel: boolean;
}

function kindOf(node: LineageNode): string {
  if (node.ghost) {
    return "ghost";
  }
  if (node.bd_rate_percent === null) {
    return node.status === "running" || node.status === "queued" ? "open" : "failed";
  }
  return node.bd_rate_percent < 0 ? "better" : "worse";
}

function Candidate({ node, x, y, hasLabel }: CandidateProps) {
  const [, navigate] = useLocation();
  const href = useHref();
  const rate = node.bd_rate_percent === null ? "" : ` ${signed(node.bd_rate_percent, 1)} %`;
  const label = node.ghost ? node.name || "Not in this campaign" : node.node_id;
  const told = `${label}, ${node.status ? words(node.status) : "no experiment"}${rate && `, BD-rate${rate}`}`;
  const drawn = (
    <>
      <title>{told}</title>
      <circle className={kindOf(node)} cx={x} cy={y} r={node.on_path ? 8 : 5} />
      {hasLabel && (
        <text x={x} y={y - 12} textAnchor="middle">
          {node.number === null ? label : `#${node.number}`}
          {rate}
        </text>
      )}
    </>
  );
  if (node.ghost) {
    return <g>{drawn}</g>;
  }
  const path = href(`/experiments/${node.node_id}`);
  return (
    <a
      className="lineage-node"
      href={`${import.meta.env.BASE_URL.slice(0, -1)}${path}`}
      {...(hasLabel ? {} : { "aria-label": told })}
      tabIndex={node.on_path || hasLabel ? 0 : -1}
      onClick={(event) => {
        event.preventDefault();
        navigate(path);
      }}
    >
      {drawn}
    </a>
  );
}
