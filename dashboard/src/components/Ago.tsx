import { useNow } from "./Clock";
import { age, MISSING } from "./format";

/** How long ago a moment was, with the moment itself on hover and for machines. */
export function Ago({ at }: { at: string | number | null | undefined }) {
  const now = useNow();
  if (at == null) {
    return MISSING;
  }
  const moment = new Date(at);
  return (
    <time dateTime={moment.toISOString()} title={moment.toLocaleString()}>
      {age(moment.getTime(), now)}
    </time>
  );
}
