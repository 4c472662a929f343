// The switches: each asks for the trouble it is named after.
for (const button of document.querySelectorAll("[data-trouble]")) {
  button.addEventListener("click", async () => {
    const answer = document.getElementById("answer");
    try {
      const response = await fetch(`trouble/${button.dataset.trouble}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: "{}"
      });
      answer.textContent = response.ok ? `${button.textContent}: done.` : `The service answers with ${response.status}.`;
    }
    catch {
      answer.textContent = "The service cannot be reached.";
    }
  });
}
