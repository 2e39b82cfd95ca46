"""The CDK stacks and the state machines they deploy."""
