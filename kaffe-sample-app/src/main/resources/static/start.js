// The switches: each asks for the trouble that it is named after. Those that stay on show it.
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
      answer.value = `The service answers with ${response.status}.`;
      return;
    }
    answer.value = "Done.";
    show(await response.json());
  }
  catch {
    answer.value = "The service cannot be reached.";
  }
}

// What is on may have been switched on by another window, or before this one was loaded.
async function update() {
  try {
    const response = await fetch("trouble");
    if (response.ok) {
      show(await response.json());
    }
  }
  catch {
    // Whoever presses a button is told.
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
