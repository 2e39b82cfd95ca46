import { type RefObject, useEffect, useRef } from "react";

interface Props {
  label: string;
  width: number;
  height: number;
  paint: (target: CanvasRenderingContext2D) => void;
}

/** A picture at its own size in pixels, shown without smoothing. */
export function FrameCanvas({ label, width, height, paint }: Props) {
  const canvas: RefObject<HTMLCanvasElement | null> = useRef(null);
  useEffect(() => {
    const target = canvas.current?.getContext("2d", { willReadFrequently: true });
    if (target) {
      paint(target);
    }
  }, [paint]);
  return <canvas ref={canvas} width={width} height={height} role="img" aria-label={label} />;
}
