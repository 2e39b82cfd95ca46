import Link, { type LinkProps } from "@cloudscape-design/components/link";
import type { ReactNode } from "react";
import { useLocation } from "wouter";
import { useHref } from "../app/campaignChoice";

interface Props {
  to: string;
  children: ReactNode;
  variant?: LinkProps.Variant;
  ariaLabel?: string;
}

/** A link to another page of the dashboard, opened without loading it anew. */
export function PageLink({ to, children, variant = "secondary", ariaLabel }: Props) {
  const [, navigate] = useLocation();
  const href = useHref();
  return (
    <Link
      href={`${import.meta.env.BASE_URL.slice(0, -1)}${href(to)}`}
      variant={variant}
      ariaLabel={ariaLabel as string}
      onFollow={(event) => {
        event.preventDefault();
        navigate(href(to));
      }}
    >
      {children}
    </Link>
  );
}
