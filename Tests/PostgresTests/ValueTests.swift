import FoundationEssentials
import Postgres
import PostgresTesting
import ServerTesting
import Testing

@Suite struct ValueTests {
    @Test func everyTypeComesBackAsItWasBound() async throws {
        try await withTestClient { client in
            let id = UUID()
            let row = try #require(
                try await client.queryOne(
                    """
                    SELECT \(true) AS a, \(Int.min) AS b, \(Int16.max) AS c, \(Int32.min) AS d, \(1.5e300) AS e,
                        \(Float(0.1)) AS f, \("it's \\ \"ü\"") AS g, \(id) AS h, \([UInt8](0...255)) AS i,
                        \(Duration.milliseconds(-90_061_007)) AS j, \(PostgresJSON(text: "{\"a\": [1]}")) AS k,
                        \(Int.max) AS l, \(-Double.infinity) AS m
                    """))
            #expect(try row.decode("a") == true)
            #expect(try row.decode("b") == Int.min)
            #expect(try row.decode("c") == Int16.max)
            #expect(try row.decode("d") == Int32.min)
            #expect(try row.decode("e") == 1.5e300)
            #expect(try row.decode("f") == Float(0.1))
            #expect(try row.decode("g") == "it's \\ \"ü\"")
            #expect(try row.decode("h") == id)
            #expect(try row.decode("i") == [UInt8](0...255))
            #expect(try row.decode("j") == Duration.milliseconds(-90_061_007))
            #expect(try row.decode("k", as: PostgresJSON.self).decode([String: [Int]].self) == ["a": [1]])
            #expect(try row.decode("l") == Int.max)
            #expect(try row.decode("m") == -Double.infinity)
        }
    }

    @Test func arraysComeBackWithTheirNullsAndOddCharacters() async throws {
        let texts: [String?] = ["", nil, "NULL", "null", "a,b", "{x}", "q\"uo\\te", " pad ", "line\nbreak", "اردو"]
        try await withTestClient { client in
            let row = try #require(
                try await client.queryOne(
                    """
                    SELECT \(texts) AS texts, \([Int]()) AS none, \([1, nil, -3]) AS numbers, \([true, false]) AS flags,
                        \([[1, 2], []] as [[UInt8]]) AS blobs, '[0:1]={7,8}'::int[] AS shifted
                    """))
            #expect(try row.decode("texts") == texts)
            #expect(try row.decode("none") == [Int]())
            #expect(try row.decode("numbers") == [1, nil, -3])
            #expect(try row.decode("flags") == [true, false])
            #expect(try row.decode("blobs") == [[1, 2], []] as [[UInt8]])
            #expect(try row.decode("shifted") == [7, 8])
        }
    }

    @Test func randomDatesAndTextsSurviveTheRoundTrip() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let dates = (0..<300).map { _ in
            Date(timeIntervalSince1970: Double(Int64.random(in: -62_135_596_800...253_402_300_799, using: &generator)))
        }
        let scalars = (0..<300).map { _ in
            String(
                String.UnicodeScalarView(
                    (0..<20).compactMap { _ in Unicode.Scalar(UInt32.random(in: 1...0x2FFF, using: &generator)) }))
        }
        try await withTestClient { client in
            let row = try #require(
                try await client.queryOne(
                    """
                    SELECT \(dates) AS dates, \(scalars) AS texts,
                        ARRAY(SELECT extract(epoch FROM d)::bigint FROM unnest(\(dates)) d) AS seconds
                    """))
            #expect(try row.decode("dates") == dates, "seed \(seed)")
            #expect(try row.decode("texts") == scalars, "seed \(seed)")
            #expect(try row.decode("seconds") == dates.map { Int($0.timeIntervalSince1970) }, "seed \(seed)")
        }
    }

    @Test func timestampsAreReadWhateverTheZoneAndStyleOfTheDatabase() async throws {
        try await withTestDatabase { url in
            let name = try #require(url.split(separator: "/").last.map(String.init))
            try await withClient(url) { client in
                try await client.execute("ALTER DATABASE \(identifier: name) SET timezone = 'Asia/Kolkata'")
                try await client.execute("ALTER DATABASE \(identifier: name) SET datestyle = 'German'")
            }
            try await withClient(url) { client in
                let row = try #require(try await client.queryOne("SELECT to_timestamp(1234567890.25) AS at"))
                #expect(try row.decode("at") == Date(timeIntervalSince1970: 1_234_567_890.25))
            }
        }
    }

    @Test func aValueOfAnotherFormIsAnErrorThatNamesTheColumnOnly() async throws {
        try await withTestClient { client in
            let row = try #require(
                try await client.queryOne(
                    "SELECT 'secret' AS word, NULL::int AS gap, 40000 AS big, '1 mon'::interval AS month"))
            func message<Value: PostgresDecodable>(_ column: String, _ type: Value.Type) -> String {
                #expect(throws: PostgresError.self) { try row.decode(column, as: type) }?.message ?? ""
            }
            #expect(message("word", Int.self).contains("column word"))
            #expect(!message("word", Int.self).contains("secret"))
            #expect(message("gap", Int.self).contains("NULL"))
            #expect(message("big", Int16.self).contains("does not fit"))
            #expect(message("month", Duration.self).contains("interval"))
            #expect(message("nothing", Int.self).contains("no column nothing"))
            #expect(try row.decode("gap", as: Int?.self) == nil)
            #expect(try row.decode("word", as: String?.self) == "secret")
        }
    }

    @Test func enumerationsNeedOnlyTheConformance() async throws {
        try await withTestClient { client in
            let row = try #require(try await client.queryOne("SELECT \(Colour.red) AS a, 'green' AS b, 'x' AS c"))
            #expect(try row.decode("a") == Colour.red)
            #expect(try row.decode("b") == Colour.green)
            #expect(throws: PostgresError.self) { try row.decode("c", as: Colour.self) }
        }
    }

    @Test func hostileTextStaysData() async throws {
        try await withTestClient { client in
            try await client.execute("CREATE TABLE note (body text)")
            let bodies = ["'); DROP TABLE note; --", "$1", "\\'; SELECT 1", "\u{1F4A5}$$", "' OR '1'='1", "%s %n"]
            for body in bodies { try await client.execute("INSERT INTO note VALUES (\(body))") }
            let rows = try await client.query("SELECT body FROM note WHERE body = ANY(\(bodies))")
            #expect(try rows.map { try $0.decode("body", as: String.self) } == bodies)
            #expect(try await client.query("SELECT 1 FROM note WHERE body = \("' OR true --")").isEmpty)
        }
    }
}

private enum Colour: String, PostgresEncodable, PostgresDecodable {
    case red, green
}

@Suite struct TextFormTests {
    private func uuid(_ text: String) -> UUID? {
        var text = text
        return text.withUTF8 { UUID(digits: $0) }
    }

    @Test func aUUIDIsReadAsFoundationReadsIt() {
        for _ in 0..<100 {
            let id = UUID()
            #expect(self.uuid(id.uuidString) == id)
            #expect(self.uuid(id.uuidString.lowercased()) == id)
        }
        let id = "6f8b3e0e-2f35-4b52-9f5e-0b9c2f1f0a01"
        for broken in [
            "", String(id.dropLast()), id + "0", "{" + id.dropFirst(), id.replacing("-", with: "0"),
            id.replacing("b", with: "g"), "6f8b3e0e2f35-4b52-9f5e-0b9c2f1f0a01-",
        ] {
            #expect(self.uuid(broken) == nil, "\(broken)")
        }
    }

    @Test(arguments: [0, 1_772_366_400.999, -1, 951_782_400, 253_402_300_799])
    func aSecondIsWrittenAsFoundationWritesIt(time: Double) {
        let date = Date(timeIntervalSince1970: time)
        #expect(date.secondText == Date(timeIntervalSince1970: time.rounded(.down)).formatted(.iso8601))
    }
}
