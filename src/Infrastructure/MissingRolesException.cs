namespace IndustryData.Infrastructure;

/// <summary>
/// The exception that is thrown when the account of the service cannot use the roles that requests use, and may not
/// create them. The message has the SQL that an administrator has to run.
/// </summary>
/// <param name="statements">The SQL.</param>
public sealed class MissingRolesException(string statements)
    : Exception($"The database account lacks roles and may not create them. A superuser has to run: {statements}");
