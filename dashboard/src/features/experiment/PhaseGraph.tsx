import type { KeyboardEvent } from "react";
import type { Phase } from "../../client/models";
import { duration } from "../../components/format";
import { FIXED_PHASES, type PhaseNode } from "./runStates";

const WIDTH = 120;
const HEIGHT = 54;
const GAP = 40;
const TOP = 56;
const MARGIN = 10;
const MARKS = { succeeded: "✓", failed: "✕", running: "…", pending: "○" } as const;

const left = (index: number) => MARGIN + index * (WIDTH + GAP);

interface Props {
  nodes: readonly PhaseNode[];
  fixes: Record<string, number>;
  selected: Phase | null;
  onSelect: (phase: Phase | null) => void;
}

/** The experiment's machine: its phases in a row, the loops of the fixes above them. */
export function PhaseGraph({ nodes, fixes, selected, onSelect }: Props) {
  const width = left(nodes.length) - GAP + MARGIN;
  const deploy = nodes.findIndex((node) => node.phase === "deploy");
  return (
    <section className="scroll-box" aria-label="Phases of the run" tabIndex={0}>
      <svg
        className="phases"
        viewBox={`0 0 ${width} ${TOP + HEIGHT + MARGIN}`}
        style={{ minWidth: 720, width: "100%", maxHeight: 190 }}
        role="group"
        aria-label="Phases"
      >
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto"
          >
            <path d="M0 0 8 4 0 8z" className="arrow-head" />
          </marker>
        </defs>
        {nodes.slice(1).map((node, index) => (
          <path
            key={node.phase}
            className="edge"
            markerEnd="url(#arrow)"
            d={`M${left(index) + WIDTH} ${TOP + HEIGHT / 2}H${left(index + 1) - 2}`}
          />
        ))}
        {nodes.map((node, index) =>
          FIXED_PHASES.includes(node.phase) ? (
            <FixLoop
              key={node.phase}
              from={left(index) + WIDTH / 2}
              to={left(deploy) + WIDTH / 2 + (node.phase === "execution" ? -14 : 14)}
              height={node.phase === "execution" ? 18 : 36}
              count={fixes[node.phase] ?? 0}
            />
          ) : null,
        )}
        {nodes.map((node, index) => (
          <PhaseBox
            key={node.phase}
            node={node}
            x={left(index)}
            isSelected={selected === node.phase}
            onSelect={() => onSelect(selected === node.phase ? null : node.phase)}
          />
        ))}
      </svg>
    </section>
  );
}

interface LoopProps {
  from: number;
  to: number;
  height: number;
  count: number;
}

function FixLoop({ from, to, height, count }: LoopProps) {
  const text = count === 0 ? "fix" : `${count} ${count === 1 ? "fix" : "fixes"}`;
  return (
    <g className={count ? "loop used" : "loop"}>
      <path
        className="edge"
        markerEnd="url(#arrow)"
        d={`M${from} ${TOP}V${height}H${to}V${TOP - 2}`}
      />
      <text x={from - 8} y={height - 4} textAnchor="end">
        {text}
      </text>
    </g>
  );
}

interface BoxProps {
  node: PhaseNode;
  x: number;
  isSelected: boolean;
  onSelect: () => void;
}

function PhaseBox({ node, x, isSelected, onSelect }: BoxProps) {
  const times = node.count > 1 ? ` · ${node.count}×` : "";
  const took = node.seconds === null ? "not run" : duration(node.seconds);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      onSelect();
    }
  };
  return (
    <g
      className={`phase ${node.progress}${isSelected ? " selected" : ""}`}
      role="button"
      tabIndex={0}
      aria-pressed={isSelected}
      data-phase={node.phase}
      data-progress={node.progress}
      onClick={onSelect}
      onKeyDown={onKeyDown}
    >
      <title>{`${node.title}: ${node.progress}, ${took}${times}`}</title>
      <rect x={x} y={TOP} width={WIDTH} height={HEIGHT} rx={8} />
      <text className="title" x={x + WIDTH / 2} y={TOP + 23} textAnchor="middle">
        {node.title}
      </text>
      <text x={x + WIDTH / 2} y={TOP + 42} textAnchor="middle">
        {`${MARKS[node.progress]} ${took}${times}`}
      </text>
    </g>
  );
}
