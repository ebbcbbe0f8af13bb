using System.Globalization;
using System.Text;
using FlowForge.Temporal.DevServer.History;

namespace FlowForge.Temporal.DevServer.Hosting;

/// <summary>A number that only grows. Thread-safe.</summary>
internal sealed class Counter
{
    private long _value;

    public long Value => Interlocked.Read(ref _value);

    public void Add(long n) => Interlocked.Add(ref _value, n);
}

/// <summary>What the server counts, written in Prometheus' text form.</summary>
internal sealed class ServerMetrics
{
    private static readonly double[] Buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Method, GrpcCode Code), long> _calls = [];
    private readonly Dictionary<string, (long[] Counts, double Sum, long Count)> _latency = new(StringComparer.Ordinal);
    private readonly Dictionary<WorkflowExecutionStatus, long> _closed = [];
    private readonly Counter _commits = new();
    private readonly Counter _rows = new();
    private long _commitMicroseconds;

    public Counter WorkflowStarted { get; } = new();

    public Counter WorkflowTaskFailed { get; } = new();

    public Counter ActivityRetried { get; } = new();

    public Counter ActivityTimedOut { get; } = new();

    public Counter Signalled { get; } = new();

    public void Closed(Execution e)
    {
        lock (_gate)
        {
            _closed[e.Status] = _closed.GetValueOrDefault(e.Status) + 1;
        }
    }

    public void Committed(int rows, int replies, TimeSpan duration)
    {
        _commits.Add(1);
        _rows.Add(rows);
        Interlocked.Add(ref _commitMicroseconds, (long)duration.TotalMicroseconds);
    }

    public void Called(string method, GrpcCode code, TimeSpan duration)
    {
        var name = method[(method.LastIndexOf('/') + 1)..];
        lock (_gate)
        {
            _calls[(name, code)] = _calls.GetValueOrDefault((name, code)) + 1;
            if (name.StartsWith("Poll", StringComparison.Ordinal))
            {
                return;
            }
            var entry = _latency.TryGetValue(name, out var known) ? known : (new long[Buckets.Length], 0, 0);
            var bucket = Array.FindIndex(Buckets, b => duration.TotalSeconds <= b);
            if (bucket >= 0)
            {
                entry.Counts[bucket]++;
            }
            _latency[name] = (entry.Counts, entry.Sum + duration.TotalSeconds, entry.Count + 1);
        }
    }

    /// <summary>The text that a Prometheus scrape reads.</summary>
    public string Write(int openWorkflows, int timers, IEnumerable<(string Queue, string Type, int Backlog, int Pollers)> queues)
    {
        var text = new StringBuilder();
        void Line(string name, string labels, IFormattable value) =>
            text.Append(name).Append(labels).Append(' ').Append(value.ToString(null, CultureInfo.InvariantCulture)).Append('\n');
        void Kind(string name, string kind, string help) =>
            text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(kind).Append('\n');

        Kind("temporal_workflows_open", "gauge", "Workflow runs that are open.");
        Line("temporal_workflows_open", "", openWorkflows);
        Kind("temporal_timers", "gauge", "Timers waiting in the queue.");
        Line("temporal_timers", "", timers);
        Kind("temporal_workflows_started_total", "counter", "Workflow runs begun.");
        Line("temporal_workflows_started_total", "", WorkflowStarted.Value);
        Kind("temporal_signals_total", "counter", "Signals received.");
        Line("temporal_signals_total", "", Signalled.Value);
        Kind("temporal_workflow_task_failures_total", "counter", "Workflow tasks failed.");
        Line("temporal_workflow_task_failures_total", "", WorkflowTaskFailed.Value);
        Kind("temporal_activity_retries_total", "counter", "Activity attempts that will be tried again.");
        Line("temporal_activity_retries_total", "", ActivityRetried.Value);
        Kind("temporal_activity_timeouts_total", "counter", "Activities that ended by timeout.");
        Line("temporal_activity_timeouts_total", "", ActivityTimedOut.Value);
        Kind("temporal_commits_total", "counter", "Transactions synced to disk.");
        Line("temporal_commits_total", "", _commits.Value);
        Kind("temporal_commit_rows_total", "counter", "Rows written.");
        Line("temporal_commit_rows_total", "", _rows.Value);
        Kind("temporal_commit_seconds_total", "counter", "Time spent in commits.");
        Line("temporal_commit_seconds_total", "", Interlocked.Read(ref _commitMicroseconds) / 1e6);
        Kind("temporal_task_queue_backlog", "gauge", "Tasks waiting for a poller.");
        Kind("temporal_task_queue_pollers", "gauge", "Pollers waiting for a task.");
        foreach (var (queue, type, backlog, pollers) in queues)
        {
            var labels = $"{{queue=\"{Escape(queue)}\",type=\"{type}\"}}";
            Line("temporal_task_queue_backlog", labels, backlog);
            Line("temporal_task_queue_pollers", labels, pollers);
        }
        lock (_gate)
        {
            Kind("temporal_workflows_closed_total", "counter", "Workflow runs closed, by status.");
            foreach (var (status, count) in _closed)
            {
                Line("temporal_workflows_closed_total", $"{{status=\"{status}\"}}", count);
            }
            Kind("temporal_requests_total", "counter", "Calls answered, by method and status.");
            foreach (var ((method, code), count) in _calls)
            {
                Line("temporal_requests_total", $"{{method=\"{Escape(method)}\",code=\"{code}\"}}", count);
            }
            Kind("temporal_request_seconds", "histogram", "Time to answer, long polls left out.");
            foreach (var (method, (counts, sum, count)) in _latency)
            {
                var so = 0L;
                for (var i = 0; i < Buckets.Length; i++)
                {
                    so += counts[i];
                    Line("temporal_request_seconds_bucket", string.Create(CultureInfo.InvariantCulture, $"{{method=\"{method}\",le=\"{Buckets[i]}\"}}"), so);
                }
                Line("temporal_request_seconds_bucket", $"{{method=\"{method}\",le=\"+Inf\"}}", count);
                Line("temporal_request_seconds_sum", $"{{method=\"{method}\"}}", sum);
                Line("temporal_request_seconds_count", $"{{method=\"{method}\"}}", count);
            }
        }
        return text.ToString();
    }

    private static string Escape(string label) =>
        label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
