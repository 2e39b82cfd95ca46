"""The ports of the domain, kept by DynamoDB, S3, SNS, a search and Claude."""
