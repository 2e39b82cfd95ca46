/** Stands where nothing is known; never a zero. */
export const MISSING = "–";

const MINUS = "\u2212";
const THIN_SPACE = "\u202f";

/** A number with a fixed count of decimals and a true minus. */
export function decimal(value: number | null | undefined, digits: number): string {
  return value == null ? MISSING : value.toFixed(digits).replace("-", MINUS);
}

/** A difference: always with its sign. */
export function signed(value: number | null | undefined, digits: number): string {
  const text = decimal(value, digits);
  return value != null && value > 0 ? `+${text}` : text;
}

/** Thousands in groups. */
export function grouped(value: number | null | undefined, digits = 0): string {
  if (value == null) {
    return MISSING;
  }
  const text = value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return text.replaceAll(",", THIN_SPACE).replace("-", MINUS);
}

/** Dollars; the API sends money as decimal text. */
export function dollars(value: string | number | null | undefined): string {
  if (value == null) {
    return MISSING;
  }
  const amount = Number(value);
  return `$${amount.toFixed(amount !== 0 && Math.abs(amount) < 0.01 ? 4 : 2)}`;
}

/** `needs_human` as people say it. */
export function words(name: string): string {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Seconds as a duration. */
export function duration(seconds: number | null | undefined): string {
  if (seconds == null) {
    return MISSING;
  }
  if (seconds < 10) {
    return `${seconds.toFixed(1)} s`;
  }
  if (seconds < 90) {
    return `${Math.round(seconds)} s`;
  }
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}

/** How long ago, from milliseconds to milliseconds. */
export function age(then: number, now: number): string {
  const seconds = Math.max(0, (now - then) / 1_000);
  if (seconds < 10) {
    return "just now";
  }
  if (seconds < 60) {
    return `${Math.floor(seconds)} s ago`;
  }
  if (seconds < 3_600) {
    return `${Math.floor(seconds / 60)} min ago`;
  }
  return seconds < 86_400
    ? `${Math.floor(seconds / 3_600)} h ago`
    : `${Math.floor(seconds / 86_400)} d ago`;
}

/** Bytes in binary units. */
export function bytes(size: number | null | undefined): string {
  if (size == null) {
    return MISSING;
  }
  if (size < 1_024) {
    return `${size} B`;
  }
  return size < 1_048_576
    ? `${(size / 1_024).toFixed(1)} KiB`
    : `${(size / 1_048_576).toFixed(1)} MiB`;
}

/** The first digits of a hash, enough to tell candidates apart. */
export function shortHash(sha256: string | null | undefined): string {
  return sha256 ? sha256.slice(0, 10) : MISSING;
}
