/*
 * Numbers and times for display. An unknown value is an en dash.
 */

const UNKNOWN = "–";

const whole = new Intl.NumberFormat("en");

const tenth = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

const isKnown = (value) => value !== null && value !== undefined && !Number.isNaN(value);

const count = (value) => isKnown(value) ? whole.format(value) : UNKNOWN;

function rate(value) {
  if (!isKnown(value)) {
    return UNKNOWN;
  }
  return (value > 0 && value < 10) ? tenth.format(value) : whole.format(Math.round(value));
}

function bytes(value) {
  if (!isKnown(value)) {
    return UNKNOWN;
  }
  const units = ["B", "kB", "MB", "GB"];
  let unit = 0;
  let left = value;
  while (left >= 1000 && unit < units.length - 1) {
    left /= 1000;
    unit++;
  }
  return `${(unit === 0 || left >= 100) ? whole.format(Math.round(left)) : tenth.format(left)} ${units[unit]}`;
}

/** Seconds, in the largest unit that matters, and the next where there are few of that. */
function duration(seconds) {
  if (!isKnown(seconds)) {
    return UNKNOWN;
  }
  if (seconds < 1) {
    return (seconds <= 0) ? "0 s" : "< 1 s";
  }
  const total = Math.floor(seconds);
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = parts.findIndex(([size]) => total >= size);
  const [size, unit] = parts[first];
  const large = `${whole.format(Math.floor(total / size))} ${unit}`;
  if (first === parts.length - 1 || total >= 10 * size) {
    return large;
  }
  const rest = Math.floor((total % size) / parts[first + 1][0]);
  return (rest === 0) ? large : `${large} ${rest} ${parts[first + 1][1]}`;
}

const millis = (value) => !isKnown(value) ? UNKNOWN : (value < 1000) ? `${whole.format(value)} ms` : duration(value / 1000);

/** An instant of the service, in the reader's time zone. */
function time(instant) {
  const date = new Date(instant);
  if (!instant || Number.isNaN(date.getTime())) {
    return UNKNOWN;
  }
  const today = date.toDateString() === new Date().toDateString();
  return today ? clock.format(date) : `${day.format(date)}, ${clock.format(date)}`;
}

/** A class name without its package. */
const simpleName = (type) => isKnown(type) ? type.slice(type.lastIndexOf(".") + 1) : UNKNOWN;

/** "orders-0" as topic and partition: the topic may have hyphens, too. */
function topicPartition(name) {
  const hyphen = name.lastIndexOf("-");
  return { topic: name.slice(0, hyphen), partition: Number(name.slice(hyphen + 1)) };
}

const ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"];

/** Since when a record is parked, and by which owner of its partition. */
const parkedText = ({ parkedSince, owners }) => !isKnown(parkedSince) ? UNKNOWN
    : `since ${time(parkedSince)}`
        + ((owners > ORDINALS.length) ? `, owner ${count(owners)}` : (owners > 1) ? `, ${ORDINALS[owners - 1]} owner` : "");

const plural = (number, one, many = `${one}s`) => `${count(number)} ${(number === 1) ? one : many}`;

export { bytes, count, duration, isKnown, millis, parkedText, plural, rate, simpleName, time, topicPartition, UNKNOWN };
