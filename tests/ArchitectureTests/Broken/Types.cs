// Each type in this file either breaks an architecture rule or is close to breaking it. `RulesCanFail` lists the types
// that break each rule.
#pragma warning disable CA1852 // Some of these types must not be sealed.
using FluentValidation;
using IndustryData.Domain;
using IndustryData.WebApi.Http;
using Mediator;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.ArchitectureTests.Broken.Domain
{
    internal sealed class Good(TimeProvider clock)
    {
        public DateTimeOffset Now() => clock.GetUtcNow();
    }

    internal sealed class LogsInDomain(Microsoft.Extensions.Logging.ILogger log)
    {
        public override string ToString() => $"{log}";
    }

    internal sealed class NamesAnAnnotation
    {
        public static string Message => "Leave @odata.type out.";
    }

    internal sealed class NamesAnAnnotationInALambda
    {
        public static Func<string, string> Message => name => $"{name} is not @odata.type.";
    }

    internal sealed class NamesAHeader
    {
        public static string Message(int days) => $"Older than {days} days; use the URL in Location.";
    }

    internal sealed class NamesARoute
    {
        public const string Remedy = "Add it with POST …/runs.";
    }

    internal sealed class GoodValue
    {
        private GoodValue(string text) => Text = text;

        public string Text { get; }

        public static GoodValue Create(string text) => new(text);
    }

    internal readonly record struct GoodStructValue
    {
        private GoodStructValue(string text) => Text = text;

        public string Text { get; }

        public static GoodStructValue? TryParse(string text) => new GoodStructValue(text);
    }

    internal sealed record ValueWithoutARule(string Text);

    internal readonly record struct OpenValue(string Text)
    {
        public static OpenValue Create(string text) => new(text);
    }

    internal sealed record PositionalValue(string Text)
    {
        public static PositionalValue FromStorage(string text) => new(text);
    }

    internal sealed class OpenClassValue
    {
        internal OpenClassValue(string text) => Text = text;

        public string Text { get; }

        public static OpenClassValue? TryParse(string text) => new(text);
    }

    internal sealed class KnowsApplication
    {
        public static Type Type => typeof(Application.PublicHandler);
    }
}

namespace IndustryData.ArchitectureTests.Broken.Application
{
    internal sealed class KnowsEfCore
    {
        public static object New() => new DbContextOptionsBuilder();
    }

    internal sealed class KnowsNpgsql
    {
        public static object New() => new Npgsql.NpgsqlConnection();
    }

    internal sealed class KnowsAspNetCore
    {
        public static int Status => new Microsoft.AspNetCore.Http.DefaultHttpContext().Response.StatusCode;
    }

    internal sealed class KnowsInfrastructure
    {
        public static Type Type => typeof(Infrastructure.Good);
    }

    internal sealed class KnowsWebApi
    {
        public static Type Type => typeof(WebApi.Good);
    }

    internal sealed class NamesAGraphType
    {
        public const string Name = "microsoft.graph.run";
    }

    internal sealed class WritesAnEntityTag
    {
        public static string Format(long version) => $"W/\"{version}\"";
    }

    public sealed record CommandWithErrors(ValidationErrors Errors) : ICommand<Result<Unit>>;

    public sealed record CommandWithAnError(Error? Error) : ICommand<Result<Unit>>;

    public sealed record GoodCommand : ICommand<Result<Unit>>;

    public sealed class ClassCommand : ICommand<Result<Unit>>;

    internal sealed record InternalQuery : IQuery<Result<Unit>>;

    public record OpenQuery : IQuery<Result<Unit>>;

    public sealed class ClassResponse;

    public sealed record GoodResponse;

    public sealed class ClassStreamQuery : IStreamQuery<int>;

    public sealed record GoodStreamQuery : IStreamQuery<int>;

    public sealed record SettableResponse
    {
        public int Value { get; set; }
    }

    public record struct SettableItem(int Value);

    public sealed record InitOnlyResponse(int Number)
    {
        public int Value { get; init; }

        public int Used { get; private set; }
    }

    internal sealed class GoodHandler : ICommandHandler<GoodCommand, Result<Unit>>
    {
        public ValueTask<Result<Unit>> Handle(GoodCommand command, CancellationToken cancellationToken) => default;
    }

    public sealed class PublicHandler : ICommandHandler<GoodCommand, Result<Unit>>
    {
        public ValueTask<Result<Unit>> Handle(GoodCommand command, CancellationToken cancellationToken) => default;
    }

    public sealed class PublicQueryHandler : IQueryHandler<OpenQuery, Result<Unit>>
    {
        public ValueTask<Result<Unit>> Handle(OpenQuery query, CancellationToken cancellationToken) => default;
    }

    public sealed class PublicBehaviour<TMessage, TResponse> : IPipelineBehavior<TMessage, TResponse>
        where TMessage : notnull, IMessage
    {
        public ValueTask<TResponse> Handle(
            TMessage message,
            MessageHandlerDelegate<TMessage, TResponse> next,
            CancellationToken cancellationToken
        ) => next(message, cancellationToken);
    }

    public sealed class PublicStreamHandler : IStreamQueryHandler<GoodStreamQuery, int>
    {
        public IAsyncEnumerable<int> Handle(GoodStreamQuery query, CancellationToken cancellationToken) =>
            AsyncEnumerable.Empty<int>();
    }

    public sealed class PublicStreamBehavior<TMessage, TResponse> : IStreamPipelineBehavior<TMessage, TResponse>
        where TMessage : notnull, IStreamMessage
    {
        public IAsyncEnumerable<TResponse> Handle(
            TMessage message,
            StreamHandlerDelegate<TMessage, TResponse> next,
            CancellationToken cancellationToken
        ) => next(message, cancellationToken);
    }

    public sealed class PublicValidator : AbstractValidator<GoodCommand>;

    public sealed class PublicMap : AutoMapper.Profile;
}

namespace IndustryData.ArchitectureTests.Broken.Infrastructure
{
    internal sealed class Good;

    internal sealed class KnowsWebApi
    {
        public static Type Type => typeof(WebApi.Good);
    }

    internal sealed class KnowsAspNetCore(Microsoft.AspNetCore.Http.IHttpContextAccessor http)
    {
        public override string ToString() => $"{http}";
    }

    internal sealed class TakesAQuery(Application.OpenQuery query)
    {
        public override string ToString() => $"{query}";
    }

    internal sealed class TakesAStreamQuery
    {
        public static string Text(Application.GoodStreamQuery query) => $"{query}";
    }

    public sealed class PublicConfiguration : IEntityTypeConfiguration<Entity>
    {
        public void Configure(EntityTypeBuilder<Entity> builder) { }
    }

    public sealed class Entity;
}

namespace IndustryData.ArchitectureTests.Broken.Dashboard
{
    internal sealed class Good;

    internal sealed class PageKnowsWebApi
    {
        public WebApi.Good? Property { get; set; }
    }

    internal sealed class PageKnowsEfCore(DbContext context)
    {
        public DbContext Context { get; } = context;
    }
}

namespace IndustryData.ArchitectureTests.Broken.WebApi
{
    internal sealed class Good;

    internal class OpenClass;

    internal record OpenRecord;

    internal class Inherited;

    internal sealed class Heir : Inherited;

    internal abstract class AbstractClass;

    internal static class StaticClass;

    internal sealed class KnowsInfrastructure
    {
        public static async Task<object> NewAsync()
        {
            await Task.Yield();
            return new Infrastructure.Good();
        }
    }

    internal sealed class ReadsUtcNow
    {
        public static DateTime Now => DateTime.UtcNow;
    }

    internal sealed class ReadsNowInALambda
    {
        public static Func<int, DateTimeOffset> Now(int days) => more => DateTimeOffset.Now.AddDays(days + more);
    }

    internal sealed class ReadsTodayInAnAsyncIterator
    {
        public static async IAsyncEnumerable<DateTime> Days()
        {
            await Task.Yield();
            yield return DateTime.Today;
        }
    }

    internal sealed class ReadsUtcNowForAField
    {
        public static readonly Func<DateTimeOffset> Now = () => DateTimeOffset.UtcNow;
    }

    internal sealed class MakesAnId
    {
        public static Guid New() => Guid.CreateVersion7();
    }

    internal sealed class MakesAnIdOfAMoment
    {
        public static Guid New(DateTimeOffset now) => Guid.CreateVersion7(now);
    }

    internal sealed class MakesAnotherGuid
    {
        public static Guid New() => Guid.NewGuid();
    }
}

namespace IndustryData.ArchitectureTests.Broken.WebApi.Cli
{
    internal sealed class Composes
    {
        public static Type Type => typeof(Infrastructure.Good);
    }
}

namespace IndustryData.ArchitectureTests.Broken.WebApi.Http
{
    internal sealed class KnowsOData
    {
        public static Type Type => typeof(OData.KnowsHttp);
    }

    internal sealed class SetsAStatusInHttp
    {
        public static void Set(HttpResponse response) => response.StatusCode = 204;
    }
}

namespace IndustryData.ArchitectureTests.Broken.WebApi.OData
{
    internal sealed class KnowsHttp
    {
        public static Type Type => typeof(Http.SetsAStatusInHttp);
    }
}

namespace IndustryData.ArchitectureTests.Broken.WebApi.Unlisted
{
    internal sealed class KnowsNothing;
}

namespace IndustryData.ArchitectureTests.Broken.WebApi.Batch
{
    internal sealed class KnowsNoOther;
}

namespace IndustryData.ArchitectureTests.Broken.WebApi.Runs
{
    internal sealed class KnowsABrother
    {
        public static Type Type => typeof(Batch.KnowsNoOther);
    }

    internal sealed class KnowsAnUnlistedNamespace
    {
        public static Type Type => typeof(Unlisted.KnowsNothing);
    }

    internal sealed class SetsAStatus
    {
        public static void Set(HttpResponse response) => response.StatusCode = 204;
    }

    internal sealed class WritesAStatus
    {
        public static Task WriteAsync(HttpContext http) => http.WriteStatusAsync(418, "teapot", "…");
    }
}
