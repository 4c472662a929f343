/*
 * The requests of the page to the service, over HTTP.
 */

const PATIENCE_MILLIS = 15_000;

/** A request that failed. The message is shown to the user of the page. */
class ServiceError extends Error {

  /** @param {number} status the status of the response; 0 if there was none */
  constructor(message, status = 0) {
    super(message);
    this.name = "ServiceError";
    this.status = status;
  }

}

/** The endpoints "kaffeworkers" and "kaffedeadletters". */
class Service {

  /**
   * @param {string} address the address of the former, relative to that of the page
   * @param {string} deadLetters the address of the latter; empty if it is not exposed
   */
  constructor(address, deadLetters = "") {
    this.address = address;
    this.deadLettersAddress = deadLetters;
    // How far the clock of the service is ahead of the browser's.
    this.skewMillis = 0;
  }

  /** Return the worker table. */
  table() {
    return this.#ask(this.address, {});
  }

  /** Return a worker, with its stack. */
  worker(consumer, worker) {
    return this.#ask(this.#path(consumer, worker), {});
  }

  /** Perform an operation, of dead letters if so, and return the result. */
  operate(consumer, operation, parameters, ofDeadLetters = false) {
    const path = ofDeadLetters ? this.#deadLettersPath(consumer, operation)
        : this.#path(consumer, operation);
    return this.#ask(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...csrfHeader() },
      body: JSON.stringify(parameters)
    }, 45_000);
  }

  /** Return a page of dead letters. */
  deadLetters(consumer, from) {
    return this.#ask(this.#deadLettersPath(consumer) + (from ? `?from=${encodeURIComponent(from)}` : ""), {}, 45_000);
  }

  /** Return how many dead letters there are. */
  deadLetterCount(consumer) {
    return this.#ask(this.#deadLettersPath(consumer, "count"), {}, 45_000);
  }

  /** Return how far the replay or abandonment of dead letters has come. */
  deadLetterRun(consumer) {
    return this.#ask(this.#deadLettersPath(consumer, "run"), {});
  }

  /** Return how many seconds ago an instant of the service was. */
  secondsSince(instant) {
    return instant ? Math.max(0, (Date.now() + this.skewMillis - Date.parse(instant)) / 1000) : undefined;
  }

  #deadLettersPath(...segments) {
    return [this.deadLettersAddress, ...segments.map(encodeURIComponent)].join("/");
  }

  #path(...segments) {
    return [this.address, ...segments.map(encodeURIComponent)].join("/");
  }

  async #ask(path, options, patienceMillis = PATIENCE_MILLIS) {
    const response = await fetch(path, {
      ...options,
      headers: { Accept: "application/json", ...options.headers },
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(patienceMillis)
    }).catch((failure) => {
      throw new ServiceError((failure.name === "TimeoutError")
          ? `The service did not respond within ${patienceMillis / 1000} seconds.` : "The service cannot be reached.");
    });
    this.#look(response.headers.get("Date"));
    const body = await response.json().catch(() => null);
    if (!response.ok) {
      throw new ServiceError(explanation(response.status, body), response.status);
    }
    if (body === null) {
      throw new ServiceError(response.redirected ? "The service redirected to another page: you may have to log in again."
          : "The service did not respond with JSON.", response.status);
    }
    return body;
  }

  #look(date) {
    const millis = Date.parse(date ?? "");
    // The header has whole seconds, and a response takes time: smaller differences are ignored.
    if (!Number.isNaN(millis)) {
      const skew = millis + 500 - Date.now();
      this.skewMillis = (Math.abs(skew) > 2000) ? skew : 0;
    }
  }

}

function explanation(status, body) {
  const message = body?.message;
  switch (status) {
    case 401:
      return "You are not logged in, or your session has expired (401). Log in and reload this page.";
    case 403:
      return "You are not allowed to do this (403): your role does not permit it, or the service rejected this "
          + "page's CSRF token (see docs/guide/page.md).";
    case 404:
      return message ?? "Not found (404): it may no longer exist.";
    case 405:
      return "The service offers no operations (405): the access of its endpoint is read-only.";
    default:
      return message ?? `The service responded with status ${status}.`;
  }
}

// The token of Spring Security's CookieCsrfTokenRepository, if it is used.
function csrfHeader() {
  const cookie = document.cookie.split("; ").find((pair) => pair.startsWith("XSRF-TOKEN="));
  return cookie ? { "X-XSRF-TOKEN": decodeURIComponent(cookie.slice("XSRF-TOKEN=".length)) } : {};
}

export { Service, ServiceError };
