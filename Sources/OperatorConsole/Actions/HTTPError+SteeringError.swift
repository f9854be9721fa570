import HTTPTypes
import Hummingbird
import Operators

extension HTTPError {
    /// Why a wish was to no avail, in the terms of HTTP: 404 for what there is not, 409 where things have moved on, 422
    /// for a wish without sense.
    init(_ error: SteeringError) {
        let status: HTTPResponse.Status =
            switch error.code {
            case .unknown: .notFound
            case .tooLate, .moved: .conflict
            case .senseless: .unprocessableContent
            }
        self.init(status, message: error.message)
    }
}
