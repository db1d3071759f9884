// Airflow shows these pages in a frame that may open no window; records of HubSpot open beside Airflow all the same.
(() => {
  const out = (event) => {
    const link = event.target.closest("a[href^='https://']");
    if (!link || event.defaultPrevented) return;
    const door = window.top.document.createElement("a");
    door.href = link.href;
    door.target = "_blank";
    door.rel = "noopener noreferrer";
    event.preventDefault();
    door.click();
  };
  const listen = (page) => page && page.addEventListener("click", out);
  listen(document);
  for (const frame of document.querySelectorAll("iframe")) {
    listen(frame.contentDocument);
    frame.addEventListener("load", () => listen(frame.contentDocument));
  }
})();
