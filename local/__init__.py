"""The one-machine cloud: the AWS services of the lab in one process, without an account or Docker.

MiniStack answers the AWS API, moto's interpreter runs the state machines and a small runner
starts AWS Batch jobs as processes. Nothing in an installed package is edited: each module here
replaces one function or table of MiniStack or moto when the server starts, and says in its first
lines which one, why, and for which version.

Users of the cloud need two modules: `local.cloud` (start and stop it) and `local.cdk` (deploy to
it with the real CDK CLI).
"""
