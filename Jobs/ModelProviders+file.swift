extension ModelProviders {
    /// Reads the operators' list of providers.
    /// - Parameter file: what error messages call it.
    /// - Throws: ``OperatorFileError`` with everything that is wrong.
    public init(yaml: String, file: String) throws(OperatorFileError) {
        var reader = ModelProvidersReader(file: file)
        self = try reader.read(yaml)
    }
}
