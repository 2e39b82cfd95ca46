import * as Plot from "@observablehq/plot";
import { type ReactNode, useEffect, useRef } from "react";

interface Props {
  /** What the drawing shows, for those who cannot see it. */
  label: string;
  /** Gives the plot for a width in pixels; keep it the same while the data are the same. */
  make: (width: number) => Plot.PlotOptions;
  /** The same figures as a table, for screen readers. */
  children: ReactNode;
}

/** A drawing by Observable Plot, redrawn to the width it has. */
export function Chart({ label, make, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current as HTMLDivElement;
    const draw = () => {
      const width = element.clientWidth;
      const plot = Plot.plot({
        height: 320,
        marginTop: 30,
        marginLeft: 60,
        marginBottom: 44,
        grid: true,
        style: { fontSize: "12px", background: "none" },
        ...make(width),
        width,
      });
      // Plot names its groups, which have no role that could bear a name.
      for (const group of plot.querySelectorAll("g[aria-label]")) {
        group.removeAttribute("aria-label");
      }
      element.replaceChildren(plot);
    };
    const observer = new ResizeObserver(draw);
    observer.observe(element);
    return () => observer.disconnect();
  }, [make]);
  return (
    <figure className="chart">
      <div ref={box} role="img" aria-label={label} />
      <div className="visually-hidden">{children}</div>
    </figure>
  );
}
