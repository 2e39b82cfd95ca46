import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useEffect, useRef, useState } from "react";
import { useSearchParams } from "wouter";
import type { LogLevel, LogPage } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { Loaded } from "../../components/Loaded";
import { LogLines } from "./LogLines";

const LEVELS: { value: LogLevel; label: string }[] = [
  { value: "DEBUG", label: "Everything" },
  { value: "INFO", label: "Information and above" },
  { value: "WARNING", label: "Warnings and above" },
  { value: "ERROR", label: "Errors" },
];

interface Props {
  path: string;
  /** Whether more lines may come. */
  isMoving: boolean;
}

/** The log from its tail, a page at a time. */
export function LogsTab({ path, isMoving }: Props) {
  const [search, setSearch] = useSearchParams();
  const [cursors, setCursors] = useState<string[]>([]);
  const level = LEVELS.find((one) => one.value === search.get("level")) ?? LEVELS[1];
  const query = new URLSearchParams({ level: level?.value ?? "INFO" });
  const cursor = cursors.at(-1);
  if (cursor) {
    query.set("cursor", cursor);
  }
  const pace = isMoving && !cursor ? Pace.list : Pace.still;
  const live = useLive<LogPage>(`${path}/logs?${query}`, pace);
  const { refresh } = live;
  const wasMoving = useRef(isMoving);
  useEffect(() => {
    if (wasMoving.current && !isMoving) {
      refresh(); // the last lines, after which none come
    }
    wasMoving.current = isMoving;
  }, [isMoving, refresh]);
  const chooseLevel = (next: string) => {
    setCursors([]);
    setSearch((now) => {
      const changed = new URLSearchParams(now);
      changed.set("level", next);
      return changed;
    });
  };
  const older = live.data?.older_cursor;
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Select
                ariaLabel="Level"
                options={LEVELS}
                selectedOption={level ?? null}
                onChange={({ detail }) => chooseLevel(detail.selectedOption.value ?? "INFO")}
              />
              <Button disabled={!older} onClick={() => older && setCursors([...cursors, older])}>
                Older
              </Button>
              <Button disabled={!cursors.length} onClick={() => setCursors(cursors.slice(0, -1))}>
                Newer
              </Button>
            </SpaceBetween>
          }
        >
          Log
        </Header>
      }
    >
      <Loaded of={live} what="log">
        {({ lines }) =>
          lines.length ? (
            <LogLines key={query.toString()} lines={lines} />
          ) : (
            <Box textAlign="center">No line of this level.</Box>
          )
        }
      </Loaded>
    </Container>
  );
}
