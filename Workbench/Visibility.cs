using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("FlowForge.Workbench.Tests")]
