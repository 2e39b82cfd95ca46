import type { DiffLine } from "../client/models";

const SIGNS: Record<DiffLine["kind"], string> = {
  added: "+",
  removed: "−",
  context: " ",
  gap: "",
};

/** The lines of a diff, numbered in both files. */
export function DiffTable({ label, lines }: { label: string; lines: readonly DiffLine[] }) {
  return (
    <section className="scroll-box" aria-label={label} tabIndex={0}>
      <table className="diff">
        <thead className="visually-hidden">
          <tr>
            <th scope="col">Before</th>
            <th scope="col">After</th>
            <th scope="col">Change</th>
            <th scope="col">Line</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other identity
            <tr key={index} className={line.kind}>
              <td className="line-number">{line.old}</td>
              <td className="line-number">{line.new}</td>
              <td className="sign">{SIGNS[line.kind]}</td>
              <td>{line.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
