"""A document with several operations must be told which one to run (GraphQL specification, section 6.1)."""

from __future__ import annotations

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, ValidationRule


class OnlyOperation(ValidationRule):
    """For requests without `operationName`: refuses several operations, of which Strawberry would run the first."""

    def enter_document(self, node: DocumentNode, *_: object) -> None:
        """Count the operations."""
        operations = [definition for definition in node.definitions if isinstance(definition, OperationDefinitionNode)]
        if len(operations) > 1:
            self.report_error(
                GraphQLError("The document has several operations: say which one with `operationName`.", operations[1])
            )
