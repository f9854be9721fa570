import Testing

@testable import Postgres

@Suite struct SQLTests {
    @Test func interpolatedValuesBecomeBinds() {
        let sql: SQL = "SELECT \(1), \("a"), \(Int64?.none) FROM \(identifier: "we\"ird")"
        #expect(sql.text == "SELECT $1, $2, $3 FROM \"we\"\"ird\"")
        #expect(sql.binds.map(\.text) == ["1", "a", nil])
        #expect(sql.binds.map(\.oid) == [20, 25, 20])
    }

    @Test func splicedFragmentsAreNumberedAnew() {
        let condition: SQL = "a = \(1) AND b = \("x")"
        let sql: SQL = "SELECT \(0) WHERE \(sql: condition) OR c = \(true)"
        #expect(sql.text == "SELECT $1 WHERE a = $2 AND b = $3 OR c = $4")
        #expect(sql.binds.map(\.text) == ["0", "1", "x", "t"])
    }

    @Test func joinedFragmentsKeepTheirBinds() {
        let sql = (1...3).map { "(\($0))" as SQL }.joined(separator: ", ")
        #expect(sql.text == "($1), ($2), ($3)")
        #expect(sql.binds.map(\.text) == ["1", "2", "3"])
    }

    @Test(arguments: ["", "a\0b", String(repeating: "x", count: 64)])
    func impossibleNamesAreRefused(_ name: String) {
        let error = #expect(throws: PostgresError.self) { try Statement("SELECT 1 FROM \(identifier: name)") }
        #expect(error?.code == .invalidArgument)
    }

    @Test func aNULByteInTextIsRefusedWithItsPlace() {
        let error = #expect(throws: PostgresError.self) { try Statement("SELECT \("fine"), \("a\0b")") }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("$2") == true)
    }

    @Test func moreBindsThanTheProtocolCountsAreRefused() {
        let sql = (0...65_535).map { "\($0)" as SQL }.joined(separator: ",")
        #expect(throws: PostgresError.self) { try Statement(sql) }
    }

    @Test func aConfigurationDoesNotShowItsPassword() {
        let configuration = PostgresConfiguration(url: "postgresql://u:hunter2@h/d")
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in [String(describing: configuration), String(reflecting: configuration), dumped] {
            #expect(!text.contains("hunter2"))
        }
    }
}
