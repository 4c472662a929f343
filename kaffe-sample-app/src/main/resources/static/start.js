// The switches: each triggers the failure in its data-trouble attribute, and shows whether it is on.
const buttons = [...document.querySelectorAll("[data-trouble]")];

for (const button of buttons) {
  button.addEventListener("click", () => press(button));
}
update();

async function press(button) {
  const answer = answerOf(button);
  answer.value = "";
  const operation = isOn(button) ? "/end" : "";
  try {
    const response = await fetch(`trouble/${button.dataset.trouble}${operation}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: "{}"
    });
    if (!response.ok) {
      answer.value = `The service responded with status ${response.status}.`;
      return;
    }
    answer.value = "Done.";
    show(await response.json());
  }
  catch {
    answer.value = "The service cannot be reached.";
  }
}

// Failures may have been switched on by another window, or before this one was loaded.
async function update() {
  try {
    const response = await fetch("trouble");
    if (response.ok) {
      show(await response.json());
    }
  }
  catch {
    // Pressing a button shows the error.
  }
}

function show(state) {
  for (const button of buttons) {
    const on = state[button.dataset.trouble];
    if (on !== undefined) {
      button.setAttribute("aria-pressed", on);
      answerOf(button).value = on ? "On." : "Off.";
    }
  }
}

function isOn(button) {
  return button.getAttribute("aria-pressed") === "true";
}

function answerOf(button) {
  return button.parentElement.querySelector("output");
}
