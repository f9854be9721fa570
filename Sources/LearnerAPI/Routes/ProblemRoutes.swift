import HTTPTypes
import Hummingbird

/// The pages that the `type` of a problem leads to.
struct ProblemRoutes: Sendable {
    var routes: [Route] {
        [
            Route(.get, "problems") { request in
                try JSONResponse.cached(["problems": ProblemType.allCases.map(Page.init)], for: request)
            },
            Route(.get, "problems/{word}") { request in
                guard let type = ProblemType(rawValue: try request.text("word")) else {
                    throw Problem(.notFound, "There is no such kind of problem.")
                }
                return try JSONResponse.cached(Page(type), for: request)
            },
        ]
    }

    private struct Page: Encodable {
        let type: String
        let error: String
        let title: String
        let status: Int
        let advice: String

        init(_ type: ProblemType) {
            self.type = type.uri
            self.error = type.rawValue
            self.title = type.title
            self.status = type.status.code
            self.advice = type.advice
        }
    }
}
