import TopNavigation, {
  type TopNavigationProps,
} from "@cloudscape-design/components/top-navigation";
import { useEffect } from "react";
import { useLocation } from "wouter";
import type { HumanRequests } from "../client/models";
import { Pace, useLive } from "../client/polling";
import { useHref } from "./campaignChoice";
import type { ThemeChoice, useTheme } from "./theme";

const THEMES: Record<ThemeChoice, string> = {
  system: "As the system",
  light: "Light",
  dark: "Dark",
};
const WAITING = "/experiments?status=needs_human";

interface Props {
  theme: ReturnType<typeof useTheme>;
  onSignOut: () => void;
}

/** The bar on top: the way home, how many experiments need a human, the theme, the way out. */
export function TopBar({ theme: [choice, choose], onSignOut }: Props) {
  const [, navigate] = useLocation();
  const href = useHref();
  const waiting = useLive<HumanRequests>("/needs-human", Pace.list).data?.total;
  useEffect(() => {
    document.title = waiting ? `(${waiting}) Codec Lab` : "Codec Lab";
  }, [waiting]);

  const need = waiting === 1 ? "1 needs a human" : `${waiting ?? "–"} need a human`;
  const utilities: TopNavigationProps.Utility[] = [
    {
      type: "button",
      iconName: "notification",
      badge: Boolean(waiting),
      text: need,
      ariaLabel: need,
      disableUtilityCollapse: true,
      onClick: () => navigate(href(WAITING)),
    },
    {
      type: "menu-dropdown",
      iconName: "settings",
      ariaLabel: "Settings",
      title: "Settings",
      items: [
        {
          id: "theme",
          text: "Theme",
          items: Object.entries(THEMES).map(([id, text]) => ({
            id,
            text,
            itemType: "checkbox",
            checked: id === choice,
          })),
        },
        { id: "sign-out", text: "Sign out" },
      ],
      onItemClick: ({ detail }) => {
        if (detail.id in THEMES) {
          choose(detail.id as ThemeChoice);
        } else {
          onSignOut();
        }
      },
    },
  ];
  return (
    <div id="top-bar">
      <TopNavigation
        identity={{
          href: import.meta.env.BASE_URL,
          title: "Codec Lab",
          onFollow: (event) => {
            event.preventDefault();
            navigate(href("/progress"));
          },
        }}
        utilities={utilities}
        i18nStrings={{ overflowMenuTriggerText: "More", overflowMenuTitleText: "All" }}
      />
    </div>
  );
}
