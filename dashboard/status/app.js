// Shows admin/status.json. Whatever a model wrote reaches the page as text.

import { age, attempts, campaignState, percent, percentWithin, status, summary, text, words } from "/admin/format.js";

const STATUS_ADDRESS = "/admin/status.json";
const POLL_MS = 5000;
const SLOWEST_POLL_MS = 60000;
const LONG_TEXT = 160;

const part = Object.fromEntries(
  [...document.querySelectorAll("[id]")].map((element) => [element.id, element]),
);
const shown = new Map(); // experiment id → its row and the JSON it was made of
let report = null;
let etag = null;
let delayMs = POLL_MS;
let timer = 0;

function element(name, className, content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (content !== undefined) made.textContent = content;
  return made;
}

function time(iso) {
  const made = element("time", "", age(iso, Date.now()));
  if (iso) {
    made.dateTime = iso;
    made.title = iso;
  }
  return made;
}

function cell(content, className) {
  const made = element("td", className);
  made.append(content);
  return made;
}

function statusMark(name) {
  const { icon, word } = status(name);
  const mark = element("span", "status");
  mark.dataset.status = name;
  const glyph = element("span", "icon", icon);
  glyph.setAttribute("aria-hidden", "true");
  mark.append(glyph, word);
  return mark;
}

function humanBadge(experiment) {
  if (!experiment.needs_human) return text(null);
  const details = element("details");
  const badge = element("summary", "badge", "HUMAN NEEDED");
  badge.setAttribute("aria-label", `Human needed: ${experiment.experiment_id}`);
  const reasons = element("ul", "reasons");
  for (const asked of experiment.human_intervention_reasons ?? []) {
    const item = element("li", "", `${words(asked.phase)}: ${text(asked.reason)}`);
    item.append(element("small", "", `${text(asked.error_type)}: ${text(asked.message)}`));
    reasons.append(item);
  }
  details.append(badge, reasons);
  return details;
}

// A long text shows its beginning, and the whole when it is asked.
function prose(value) {
  const whole = text(value);
  if (whole.length <= LONG_TEXT) return whole;
  const details = element("details");
  details.append(element("summary", "long", whole));
  return details;
}

function bdRate(experiment) {
  if (experiment.stop_reason) return "stopped after the screen";
  const { bd_rate_percent: mean, bd_rate_low_percent: low, bd_rate_high_percent: high } = experiment;
  return percentWithin(mean, low, high);
}

function row(experiment) {
  const made = element("tr");
  made.dataset.status = experiment.status;
  const name = element("th", "", experiment.experiment_id);
  name.scope = "row";
  made.append(
    name,
    cell(statusMark(experiment.status)),
    cell(humanBadge(experiment)),
    cell(words(experiment.phase), "phase"),
    cell(attempts(experiment), "number"),
    cell(bdRate(experiment), "number"),
    cell(prose(experiment.change), "prose"),
    cell(prose(experiment.analysis), "prose"),
    cell(time(experiment.updated_at), "when"),
  );
  return made;
}

// Rows that did not change stay, with what is open, selected or focused in them.
function showRows(experiments) {
  const rows = experiments
    .toSorted((one, other) => other.number - one.number)
    .map((experiment) => {
      const source = JSON.stringify(experiment);
      const before = shown.get(experiment.experiment_id);
      if (before?.source === source) return before.row;
      const made = row(experiment);
      shown.set(experiment.experiment_id, { row: made, source });
      before?.row.replaceWith(made);
      return made;
    });
  rows.forEach((one, index) => {
    if (part.rows.children[index] !== one) part.rows.insertBefore(one, part.rows.children[index] ?? null);
  });
  while (part.rows.children.length > rows.length) part.rows.lastElementChild.remove();
}

function showSummary(experiments) {
  const counts = summary(experiments);
  const cards = [
    ["Experiments", counts.experiments],
    ["Running", counts.running],
    ["Completed", counts.completed],
    ["Need a human", counts.human],
    ["Best BD-rate vs x265", percent(counts.best)],
  ];
  part.summary.replaceChildren(
    ...cards.map(([name, value]) => {
      const card = element("div", name === "Need a human" && counts.human ? "card alarming" : "card");
      card.append(element("dt", "", name), element("dd", "", String(value)));
      return card;
    }),
  );
  document.title = counts.human ? `(${counts.human}) Codec Lab` : "Codec Lab";
}

function show() {
  const { campaign, paused, experiments } = report;
  part.goal.textContent = `${text(campaign.campaign_id)} · ${text(campaign.goal)}`;
  part.state.textContent = campaignState(paused, experiments);
  part.state.dataset.state = part.state.textContent;
  part.state.hidden = false;
  showSummary(experiments);
  showRows(experiments);
  part.summary.hidden = false;
  part.listing.hidden = experiments.length === 0;
  part.placeholder.hidden = experiments.length > 0;
  part.placeholder.textContent = "No experiments yet. The campaign's first one appears here.";
  showAges();
}

function showAges() {
  const now = Date.now();
  for (const moment of document.querySelectorAll("time[datetime]")) {
    moment.textContent = age(moment.dateTime, now);
  }
  part.age.textContent = report ? `Published ${age(report.updated_at, now)}` : "";
}

function showFault(message) {
  const kept = report ? ` What is shown was published ${age(report.updated_at, Date.now())}.` : "";
  part.banner.textContent = `${message}${kept} Trying again.`;
  part.banner.hidden = false;
  if (!report) part.placeholder.textContent = "The experiments appear here as soon as they can be read.";
}

async function refresh() {
  const answer = await fetch(STATUS_ADDRESS, {
    cache: "no-cache",
    headers: etag ? { "If-None-Match": etag } : {},
  });
  if (answer.status === 304) return;
  if (answer.status === 403 || answer.status === 404) {
    if (report) throw new Error("The lab's status is gone.");
    part.placeholder.textContent = "Nothing is published yet. Start a campaign with: lab run";
    return;
  }
  if (!answer.ok) throw new Error(`The lab's status cannot be read (HTTP ${answer.status}).`);
  report = await answer.json();
  etag = answer.headers.get("ETag");
  show();
}

async function poll() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    await refresh();
    part.banner.hidden = true;
    delayMs = POLL_MS;
  } catch (fault) {
    const unreachable = fault instanceof TypeError;
    showFault(unreachable ? "The lab cannot be reached." : fault.message);
    delayMs = Math.min(2 * delayMs, SLOWEST_POLL_MS);
  }
  timer = setTimeout(poll, delayMs);
}

document.addEventListener("visibilitychange", poll);
setInterval(showAges, 1000);
poll();
