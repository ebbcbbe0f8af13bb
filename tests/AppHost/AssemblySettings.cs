// Each test starts a whole environment: one at a time, or they wait for each other's processors.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
