using FlowForge.Workbench.Overview;
using FlowForge.Workbench.Parts;

namespace FlowForge.Workbench.Tests.Units;

public sealed class FiguresTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(9_999, "9,999")]
    [InlineData(10_000, "10 K")]
    [InlineData(999_949, "999.9 K")]
    [InlineData(999_950, "1 M")]
    [InlineData(412_800_000, "412.8 M")]
    [InlineData(3_100_000_000, "3.1 B")]
    public void Short_AtEveryStep_ReadsWell(double value, string expected) => Assert.Equal(expected, Figures.Short(value));

    [Theory]
    [InlineData(null, "–")]
    [InlineData(0.0124, "12 ms")]
    [InlineData(0.9996, "1.0 s")]
    [InlineData(9.94, "9.9 s")]
    [InlineData(59.9, "59 s")]
    [InlineData(221.0, "3m 41s")]
    [InlineData(3_600.0, "1h 00m")]
    public void Duration_AtEveryStep_ReadsWell(double? seconds, string expected) => Assert.Equal(expected, Figures.Duration(seconds));

    [Theory]
    [InlineData(null, "–")]
    [InlineData(1.0, "100 %")]
    [InlineData(0.99999, "99.9 %")]
    [InlineData(0.992, "99.2 %")]
    [InlineData(0.0, "0.0 %")]
    [InlineData(0.0003, "< 0.1 %")]
    public void Percent_OfAlmostAll_IsNeverAHundred(double? share, string expected) => Assert.Equal(expected, Figures.Percent(share));

    [Theory]
    [InlineData(999, "999 B")]
    [InlineData(1_000, "1 kB")]
    [InlineData(58_400_000, "58.4 MB")]
    [InlineData(2_000_000_000, "2 GB")]
    public void Bytes_AtEveryStep_ReadsWell(long bytes, string expected) => Assert.Equal(expected, Figures.Bytes(bytes));

    [Fact]
    public void Css_InAGermanCulture_HasADot()
    {
        var before = System.Globalization.CultureInfo.CurrentCulture;
        try
        {
            System.Globalization.CultureInfo.CurrentCulture = new("de-DE");
            Assert.Equal("12.5", Figures.Css(12.5));
            Assert.Equal("1,234", Figures.Whole(1234));
        }
        finally
        {
            System.Globalization.CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Change_OfDurations_CallsLongerWorse()
    {
        Assert.Equal(new Change("+18 s", false), Change.Seconds(221, 203));
        Assert.Equal(new Change("−18 s", true), Change.Seconds(203, 221));
        Assert.Null(Change.Seconds(null, 3));
    }

    [Fact]
    public void Change_FromNothing_IsNotInfinite()
    {
        Assert.Null(Change.Relative(5, 0));
        Assert.Equal(new Change("+4.1 %", true), Change.Relative(1284, 1233));
        Assert.Equal(new Change("±0 %", null), Change.Relative(7, 7));
        Assert.Equal(new Change("−0.4 %", false), Change.Points(0.988, 0.992));
    }
}
