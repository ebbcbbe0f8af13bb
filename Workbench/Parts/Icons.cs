namespace FlowForge.Workbench.Parts;

/// <summary>The workbench's own icons: SVG content on a 24×24 grid, stroked.</summary>
internal static class Icons
{
    private static readonly Dictionary<string, string> Paths = new(StringComparer.Ordinal)
    {
        ["overview"] = Box(3, 3, 7, 9) + Box(14, 3, 7, 5) + Box(14, 12, 7, 9) + Box(3, 16, 7, 5),
        ["pipelines"] = Box(3, 3, 6, 6) + Box(15, 15, 6, 6) + Line("M6 9v5a4 4 0 0 0 4 4h5"),
        ["runs"] = Line("M6 4.5v15l13-7.5z"),
        ["catalog"] = "<ellipse cx='12' cy='5.5' rx='8' ry='3'/>" + Line("M4 5.5v13c0 1.7 3.6 3 8 3s8-1.3 8-3v-13M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3"),
        ["system"] = Circle(12, 12, 3) + Line("M12 2.5v4M12 17.5v4M2.5 12h4M17.5 12h4M5.3 5.3l2.8 2.8M15.9 15.9l2.8 2.8M5.3 18.7l2.8-2.8M15.9 8.1l2.8-2.8"),
        ["search"] = Circle(11, 11, 7) + Line("M16.2 16.2 21 21"),
        ["play"] = Line("M7 4.5v15l12-7.5z"),
        ["stop"] = Box(6, 6, 12, 12),
        ["retry"] = Line("M4 12a8 8 0 1 1 2.4 5.7M4 20v-4.5h4.5"),
        ["sun"] = Circle(12, 12, 4) + Line("M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4"),
        ["moon"] = Line("M20 14.5A8.5 8.5 0 1 1 9.5 4a6.8 6.8 0 0 0 10.5 10.5z"),
        ["check"] = Line("M4.5 12.5 10 18 19.5 7"),
        ["cross"] = Line("M6 6l12 12M18 6 6 18"),
        ["minus"] = Line("M6 12h12"),
        ["alert"] = Line("M12 3.5 22 20.5H2zM12 10v4.5M12 17.6v.1"),
        ["clock"] = Circle(12, 12, 9) + Line("M12 7v5.5l3.5 2"),
        ["table"] = Box(3, 4, 18, 16) + Line("M3 10h18M3 15h18M10 10v10"),
        ["file"] = Line("M14 3H6a1 1 0 0 0-1 1v16a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1V8zM14 3v5h5"),
        ["code"] = Line("M8 7l-5 5 5 5M16 7l5 5-5 5"),
        ["graph"] = Circle(5, 6, 2.5) + Circle(5, 18, 2.5) + Circle(19, 12, 2.5) + Line("M7.5 6.5 16.6 11M7.5 17.5 16.6 13"),
        ["list"] = Line("M8 6h13M8 12h13M8 18h13M3.5 6h.1M3.5 12h.1M3.5 18h.1"),
        ["plan"] = Line("M9 5h11M9 12h11M9 19h11M3 5l1.3 1.3L6.5 4M3 12l1.3 1.3L6.5 11M3 19l1.3 1.3L6.5 18"),
        ["down"] = Line("M6 9.5l6 6 6-6"),
        ["right"] = Line("M9.5 6l6 6-6 6"),
        ["left"] = Line("M14.5 6l-6 6 6 6"),
        ["first"] = Line("M17.5 6l-6 6 6 6M7 6v12"),
        ["last"] = Line("M6.5 6l6 6-6 6M17 6v12"),
        ["up"] = Line("M6 14.5l6-6 6 6"),
        ["filter"] = Line("M3.5 5h17l-6.5 8v6l-4-2v-4z"),
        ["copy"] = Box(8, 8, 13, 13) + Line("M16 8V4a1 1 0 0 0-1-1H4a1 1 0 0 0-1 1v11a1 1 0 0 0 1 1h4"),
        ["box"] = Line("M12 2.8 20.5 7.4v9.2L12 21.2 3.5 16.6V7.4zM3.7 7.5 12 12l8.3-4.5M12 12v9"),
        ["plus"] = Line("M12 5v14M5 12h14"),
        ["save"] = Line("M5 3h11l4 4v13a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM8 3v5h7V3M8 21v-7h8v7"),
        ["trash"] = Line("M4 6.5h16M9 6.5V4h6v2.5M6 6.5 7 20.5h10l1-14M10 10.5v6M14 10.5v6"),
        ["key"] = Circle(8, 15.5, 4.5) + Line("M11.3 12.2 20 3.5M16.5 7l3 3"),
        ["plug"] = Line("M9 3v5M15 3v5M6 8h12v3.5a6 6 0 0 1-12 0zM12 17.5V21"),
        ["sliders"] = Line("M4 7h9M17 7h3M4 17h3M11 17h9") + Circle(15, 7, 2) + Circle(9, 17, 2),
        ["skip"] = Line("M5 5v14l9-7zM18.5 5v14"),
        ["exit"] = Line("M14 4H5a1 1 0 0 0-1 1v14a1 1 0 0 0 1 1h9M10 12h11M17 8l4 4-4 4"),
        ["temporal"] = Line("M6 3h12M6 21h12M7.5 3v3.5L12 12l4.5-5.5V3M7.5 21v-3.5L12 12l4.5 5.5V21"),
        ["send"] = Line("M21 3 10 14M21 3l-7 18-4-7-7-4z"),
        ["pause"] = Line("M8 5v14M16 5v14"),
        ["notebook"] = Box(5, 3, 15, 18) + Line("M9 3v18M3 7h3M3 12h3M3 17h3"),
        ["chart"] = Line("M4 4v16h16M8 16v-4M12.5 16V8M17 16v-6"),
        ["more"] = Circle(5, 12, 0.9) + Circle(12, 12, 0.9) + Circle(19, 12, 0.9),
        ["edit"] = Line("M4 20l1-4L16.5 4.5l3 3L8 19z"),
        ["undo"] = Line("M4 9h10a6 6 0 0 1 0 12h-3M4 9l4.5-4.5M4 9l4.5 4.5"),
        ["spread"] = Line("M7 4h10M7 20h10M12 7v10M9 9.5 12 6.5l3 3M9 14.5l3 3 3-3"),
        ["promote"] = Line("M12 20V5M6 11l6-6 6 6M5 20.5h14"),
        ["upload"] = Line("M12 15V4M7 8.5l5-5 5 5M5 20h14"),
        ["download"] = Line("M12 4v11M7 10.5l5 5 5-5M5 20h14"),
        ["info"] = Circle(12, 12, 9) + Line("M12 11v5.5M12 7.5v.1"),
    };

    /// <summary>The drawing, or an empty one for an unknown name (a test walks all names in use).</summary>
    public static string Path(string name) => Paths.GetValueOrDefault(name, "");

    private static string Box(int x, int y, int width, int height) => $"<rect x='{x}' y='{y}' width='{width}' height='{height}' rx='1.6'/>";

    private static string Circle(double x, double y, double radius) => FormattableString.Invariant($"<circle cx='{x}' cy='{y}' r='{radius}'/>");

    private static string Line(string path) => $"<path d='{path}'/>";
}
