import JobQueue
import PipelineJobs
import Testing

@Suite struct TimetableTests {
    private func timetable(_ yaml: String) throws(OperatorFileError) -> Timetable {
        try Timetable(
            yaml: yaml, file: "Jobs/schedule.yaml", kinds: PipelineKinds.all + [CountSheep.self])
    }

    /// The lines of the report about a timetable that must not be accepted.
    private func problems(_ yaml: String) throws -> [String] {
        let error = #expect(throws: OperatorFileError.self) { try self.timetable(yaml) }
        return try #require(error).description.split(separator: "\n").map(String.init)
    }

    @Test func entriesAreReadInTheOrderOfTheFile() throws {
        let entries = try self.timetable(
            """
            entries:
              - name: nightly-sync
                kind: sync_book
                cron: "15 3 * * *"
                time_zone: Europe/Berlin
                catch_up: {all: 24}
                arguments:
                  path: /srv/books/algebra
                  revision: 20260101
                enabled: false
              - {name: sheep, kind: count_sheep, cron: "@hourly", time_zone: UTC}
              - {name: dropped, kind: count_sheep, cron: "@daily", time_zone: UTC, catch_up: skip, arguments: {herd: 7}}
            """
        ).entries
        try #require(entries.map(\.name) == ["nightly-sync", "sheep", "dropped"])
        #expect(entries.map(\.definition.kind) == ["sync_book", "count_sheep", "count_sheep"])
        #expect(entries.map(\.isEnabled) == [false, true, true])
        #expect(entries.map(\.schedule.catchUp) == [.all(limit: 24), .once, .skip])
        #expect(entries.map(\.schedule.timeZone.name) == ["Europe/Berlin", "UTC", "UTC"])
        #expect(entries[0].schedule.expression == (try CronExpression("15 3 * * *")))
        #expect(
            entries[0].arguments as? SyncBook
                == SyncBook(path: "/srv/books/algebra", revision: "20260101"))
        #expect(
            entries.map(\.argumentsJSON)
                == [#"{"path":"/srv/books/algebra","revision":"20260101"}"#, "{}", #"{"herd":7}"#])
    }

    @Test(arguments: ["entries: []", "entries: []\n# nothing yet\n", "---\nentries: []"])
    func aTimetableMayBeEmpty(yaml: String) throws {
        #expect(try self.timetable(yaml).entries.isEmpty)
    }

    @Test func everythingWrongIsReportedTogetherWithItsLine() throws {
        let report = try self.problems(
            """
            entries:
              - name: nightly
                kind: sync_boook
                cron: "15 24 * * *"
                time_zone: Europe/Brlin
                catch_up: never
                enabled: yes
              - name: nightly
                kind: sync_book
                cron: "0 0 30 2 *"
                time_zone: EST
                corn: "* * * * *"
                arguments: {pathe: /x}
              - kind: sync_book
                cron: [1]
                arguments: {path: [1]}
              - Nightly
              - {name: Nightly Sync, kind: count_sheep, cron: "@daily", time_zone: UTC, catch_up: {all: 0}}
            """)
        let expected = [
            "3: entries[0].kind must be one of the kinds advance_resync, collect_cache, collect_content, ",
            "4: entries[0].cron: hour \"24\": 24 is out of range; allowed are *, numbers 0-23",
            "5: entries[0].time_zone must be UTC or a name of the IANA database such as Europe/Berlin",
            "6: entries[0].catch_up must be skip, once or {all: N}",
            "7: entries[0].enabled must be true or false",
            "8: entries[1].name \"nightly\" stands in line 2 already; every entry needs its own",
            "10: entries[1].cron: no year has the day that \"0 0 30 2 *\" asks for; choose another",
            "11: entries[1].time_zone must be UTC or a name of the IANA database such as Europe/Berlin",
            "12: entries[1].corn is unknown; allowed are name, kind, cron, time_zone, catch_up, arguments, enabled",
            "13: entries[1].arguments.pathe is unknown; sync_book carries allows_older, approved_plan, committed_at, ",
            "14: entries[2].name is missing; add it",
            "14: entries[2].time_zone is missing; add it",
            "15: entries[2].cron must be five fields in quotes, such as \"15 3 * * *\"",
            "16: entries[2].arguments.path must be a single value",
            "17: entries[3] must be a mapping of key: value",
            "18: entries[4].name must be 1 to 64 lower-case letters, digits, - and _, beginning with a letter",
            "18: entries[4].catch_up.all must be a whole number from 1 to 100",
        ]
        #expect(report.count == expected.count, "\(report.joined(separator: "\n"))")
        for (line, start) in zip(report, expected) {
            #expect(line.hasPrefix("Jobs/schedule.yaml:\(start)"), "\(line)")
        }
    }

    @Test(
        arguments: [
            ("", "1: the file is empty"),
            ("- a", "1: the file must be a mapping of key: value"),
            ("entires: []", "1: entires is unknown; allowed are entries"),
            ("entries: {}", "1: entries must be a list; write [] for none"),
            (
                "entries: []\nentries: []", "1: in what begins here, entries stands twice; keep one of them"
            ),
            ("entries:\n  - name: [\n", "3: this is no YAML"),
            ("entries: []\n\tx: 1", "2: this is no YAML"),
        ])
    func aFileOfTheWrongShapeIsRefused(yaml: String, start: String) throws {
        let report = try self.problems(yaml)
        #expect(report.contains { $0.hasPrefix("Jobs/schedule.yaml:\(start)") }, "\(report)")
    }

    @Test func argumentsThatDoNotFitAreNamedWithoutTheirValues() throws {
        let report = try self.problems(
            """
            entries:
              - name: sheep
                kind: count_sheep
                cron: "@daily"
                time_zone: UTC
                arguments:
                  herd: dolly
                  whistle: loud
            """)
        #expect(
            report == [
                "Jobs/schedule.yaml:7: entries[0].arguments.herd must be a whole number",
                "Jobs/schedule.yaml:8: entries[0].arguments.whistle is unknown; count_sheep carries herd",
            ])
    }
}

/// A kind that carries nothing it needs.
private struct CountSheep: JobArguments {
    static let definition = JobDefinition(kind: "count_sheep", queue: "sync", timeout: .seconds(1))
    static let dataClasses: [String: DataClass] = ["herd": .personal]
    var herd: Int?
}
