// One environment at a time: two would look for the same free ports, and share two cores with two browsers.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
