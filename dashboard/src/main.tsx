import "@cloudscape-design/global-styles/index.css";
import "./app/styles.css";
import { I18nProvider } from "@cloudscape-design/components/i18n";
import messages from "@cloudscape-design/components/i18n/messages/all.en";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { SessionGate } from "./session/SessionGate";

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <I18nProvider locale="en" messages={[messages]}>
      <Router base={import.meta.env.BASE_URL.slice(0, -1)}>
        <SessionGate />
      </Router>
    </I18nProvider>
  </StrictMode>,
);
