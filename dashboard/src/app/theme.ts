import { applyMode, Mode } from "@cloudscape-design/global-styles";
import { useEffect, useState, useSyncExternalStore } from "react";

export type ThemeChoice = "system" | "light" | "dark";

const STORED = "codec-lab.theme";
const systemDark = matchMedia("(prefers-color-scheme: dark)");

function storedChoice(): ThemeChoice {
  const stored = localStorage.getItem(STORED);
  return stored === "light" || stored === "dark" ? stored : "system";
}

function watchSystem(notify: () => void): () => void {
  systemDark.addEventListener("change", notify);
  return () => systemDark.removeEventListener("change", notify);
}

/** The theme a person chose, remembered; the system's where they chose none. */
export function useTheme(): [ThemeChoice, (choice: ThemeChoice) => void] {
  const [choice, setChoice] = useState(storedChoice);
  const systemIsDark = useSyncExternalStore(watchSystem, () => systemDark.matches);
  const isDark = choice === "system" ? systemIsDark : choice === "dark";
  useEffect(() => applyMode(isDark ? Mode.Dark : Mode.Light), [isDark]);
  return [
    choice,
    (next) => {
      localStorage.setItem(STORED, next);
      setChoice(next);
    },
  ];
}
