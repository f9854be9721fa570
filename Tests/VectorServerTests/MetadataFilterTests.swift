import MCP
import Testing

@testable import VectorServer

@Suite struct MetadataFilterTests {
    let metadata: [String: JSONValue] = [
        "book": "ai", "chapter": 3, "weight": 2.5, "tags": ["intro", "lab"], "draft": false, "nothing": nil,
        "at": ["part": 1, "deep": ["er": "x"]],
    ]

    @Test(arguments: [
        #"{"book":"ai"}"#, #"{"book":"ai","chapter":3}"#, #"{"chapter":3.0}"#, #"{"chapter":{"$eq":3}}"#,
        #"{"chapter":{"$gt":2,"$lt":4}}"#, #"{"chapter":{"$gte":3,"$lte":3}}"#, #"{"weight":{"$gt":2}}"#,
        #"{"weight":{"$lt":2.6}}"#, #"{"book":{"$ne":"other"}}"#, #"{"missing":{"$ne":"x"}}"#, #"{"missing":null}"#,
        #"{"nothing":null}"#, #"{"book":{"$in":["x","ai"]}}"#, #"{"tags":"lab"}"#, #"{"tags":["intro","lab"]}"#,
        #"{"tags":{"$in":["lab","other"]}}"#, #"{"at.part":1}"#, #"{"at.deep.er":"x"}"#, #"{"at.deep":{"er":"x"}}"#,
        #"{"$and":[{"book":"ai"},{"chapter":3}]}"#, #"{"$or":[{"book":"no"},{"chapter":3}]}"#, #"{"draft":false}"#,
        #"{"book":{"$gt":"ah","$lt":"aj"}}"#, #"{"$or":[{"$and":[{"book":"ai"},{"chapter":9}]},{"draft":false}]}"#,
    ])
    func thisHolds(_ text: String) throws {
        let filter = try #require(try MetadataFilter.parse(JSONValue(parsing: text)))
        #expect(filter.matches(self.metadata))
    }

    @Test(arguments: [
        #"{"book":"AI"}"#, #"{"book":"ai","chapter":4}"#, #"{"chapter":"3"}"#, #"{"chapter":{"$gt":3}}"#,
        #"{"book":{"$gt":1}}"#, #"{"missing":{"$gt":0}}"#, #"{"missing":"x"}"#, #"{"book":{"$in":[]}}"#,
        #"{"tags":{"$ne":"lab"}}"#, #"{"at.part.x":1}"#, #"{"at.part":2}"#, #"{"book.x":"ai"}"#, #"{"draft":0}"#,
        #"{"$and":[{"book":"ai"},{"chapter":4}]}"#, #"{"$or":[{"book":"no"},{"chapter":4}]}"#, #"{"book":null}"#,
    ])
    func thisDoesNotHold(_ text: String) throws {
        let filter = try #require(try MetadataFilter.parse(JSONValue(parsing: text)))
        #expect(!filter.matches(self.metadata))
    }

    @Test(arguments: [
        #"[]"#, #""x""#, #"{"$not":{"a":1}}"#, #"{"a":{"$regex":"x"}}"#, #"{"a":{"$gt":[1]}}"#, #"{"a":{"$lt":null}}"#,
        #"{"$and":{}}"#, #"{"$or":[]}"#, #"{"$or":[1]}"#, #"{"a":{"$in":1}}"#, #"{"a":{"$gt":1,"b":2}}"#,
    ])
    func thisIsNotUnderstood(_ text: String) throws {
        let value = try JSONValue(parsing: text)
        let error = try #require(throws: VectorError.self) { try MetadataFilter.parse(value) }
        #expect(error.code == .invalidFilter)
    }

    @Test func anEmptyFilterIsNone() throws {
        #expect(try MetadataFilter.parse([:]) == nil)
        #expect(try MetadataFilter.parse(nil) == nil)
    }

    @Test func filtersThatAreTooDeepOrTooLongAreRefused() throws {
        var deep: JSONValue = ["a": 1]
        for _ in 0..<50 { deep = ["$and": [deep]] }
        #expect(throws: VectorError.self) { try MetadataFilter.parse(deep) }
        let long = JSONValue.object(
            Dictionary(uniqueKeysWithValues: (0..<300).map { ("f\($0)", JSONValue.integer(1)) }))
        #expect(throws: VectorError.self) { try MetadataFilter.parse(long) }
    }
}
