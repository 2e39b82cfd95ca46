/** Colours of curves: an anchor has the same one on every page, whatever else is drawn. */
const ANCHORS: readonly [prefix: string, colour: string][] = [
  ["x264", "#688ae8"],
  ["x265", "#c33d69"],
  ["svtav1", "#2ea597"],
  ["vp9", "#8456ce"],
  ["vvc", "#7a7a85"],
];
const CANDIDATES = ["#e07f00", "#8456ce", "#00802f", "#a35c00", "#d6409f", "#006ce0"];
const OTHER = "#7a7a85";

export function anchorColour(anchor: string): string {
  return ANCHORS.find(([prefix]) => anchor.startsWith(prefix))?.[1] ?? OTHER;
}

export function candidateColour(index: number): string {
  return CANDIDATES[index % CANDIDATES.length] ?? OTHER;
}
