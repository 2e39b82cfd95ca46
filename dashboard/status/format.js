// How values read. A value that is missing is a dash, never 0.

export const MISSING = "–";

const STATUSES = {
  queued: { icon: "◌", word: "Queued" },
  running: { icon: "▶\uFE0E", word: "Running" },
  completed: { icon: "✓", word: "Completed" },
  needs_human: { icon: "!", word: "Needs a human" },
  abandoned: { icon: "✕", word: "Abandoned" },
};

const UNITS = [
  ["d", 86400],
  ["h", 3600],
  ["min", 60],
];

export function status(name) {
  return STATUSES[name] ?? { icon: "?", word: text(name) };
}

export function text(value) {
  return value === null || value === undefined || value === "" ? MISSING : String(value);
}

export function words(name) {
  return text(name).replaceAll("_", " ");
}

export function percent(value) {
  if (typeof value !== "number") return MISSING;
  const sign = value < 0 ? "−" : value > 0 ? "+" : "";
  return `${sign}${Math.abs(value).toFixed(2)}\u00A0%`;
}

// A mean over clips with its 95 % interval, where there is one.
export function percentWithin(value, low, high) {
  if ([value, low, high].some((end) => typeof end !== "number")) return percent(value);
  const [from, to] = [low, high].map((end) => percent(end).replace("\u00A0%", ""));
  return `${percent(value)} [${from}, ${to}]`;
}

export function attempts(experiment) {
  return `${text(experiment.validation_attempts)} / ${text(experiment.execution_attempts)}`;
}

export function age(iso, now) {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (!Number.isFinite(seconds)) return MISSING;
  for (const [unit, length] of UNITS) {
    if (seconds >= length) return `${Math.floor(seconds / length)} ${unit} ago`;
  }
  return seconds < 5 ? "now" : `${Math.floor(seconds)} s ago`;
}

export function summary(experiments) {
  const count = (name) => experiments.filter((one) => one.status === name).length;
  const rates = experiments.map((one) => one.bd_rate_percent).filter((rate) => typeof rate === "number");
  return {
    experiments: experiments.length,
    running: count("running"),
    completed: count("completed"),
    human: experiments.filter((one) => one.needs_human).length,
    best: rates.length ? Math.min(...rates) : null,
  };
}

// A pause lets the running experiment go on, so both may hold; the person's word comes first.
export function campaignState(paused, experiments) {
  if (paused) return "Paused";
  return experiments.some((one) => one.status === "running") ? "Running" : "Idle";
}
