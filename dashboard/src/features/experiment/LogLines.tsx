import { useEffect, useRef } from "react";
import type { LogPage } from "../../client/models";

const NEAR_PX = 8;

/** Lines of a log, at their end; who has scrolled up to read stays there. */
export function LogLines({ lines }: { lines: LogPage["lines"] }) {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const newest = `${lines.length} ${lines.at(-1)?.at}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it scrolls when a line has come
  useEffect(() => {
    if (box.current && isAtEnd.current) {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, [newest]);
  return (
    <section aria-label="Log lines">
      <div
        ref={box}
        className="log"
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_PX;
        }}
      >
        {lines.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other identity
          <div key={index} className={`log-line ${line.level.toLowerCase()}`}>
            <time dateTime={line.at}>{line.at.slice(11, 23)}</time>
            <b>{line.level}</b> <span className="log-source">{line.source}</span> {line.text}
          </div>
        ))}
      </div>
    </section>
  );
}
